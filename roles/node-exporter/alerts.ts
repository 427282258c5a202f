import { type AlertRule, percent, where } from "../alert.ts";

const disks = 'fstype!~"tmpfs|overlay|squashfs|ramfs"';

/** What is wrong with a host. */
export const hostAlerts: readonly AlertRule[] = [
  {
    group: "hosts",
    uid: "hostwright-disk-low",
    title: "Disk almost full",
    severity: "warning",
    source: "prometheus",
    expr: `1 - node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}}`,
    fires: "above",
    threshold: 0.85,
    for: "15m",
    summary: `${percent} of {{ $labels.mountpoint }} on ${where} is in use`,
  },
  {
    group: "hosts",
    uid: "hostwright-disk-full-soon",
    title: "Disk full within a day",
    severity: "critical",
    source: "prometheus",
    expr: `predict_linear(node_filesystem_avail_bytes{${disks}}[6h], 86400) and node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}} < 0.3`,
    fires: "below",
    threshold: 0,
    for: "1h",
    summary: `{{ $labels.mountpoint }} on ${where} will be full within a day if it goes on as in the last six hours`,
  },
  {
    group: "hosts",
    uid: "hostwright-memory-low",
    title: "Memory almost used up",
    severity: "warning",
    source: "prometheus",
    expr: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    fires: "above",
    threshold: 0.9,
    for: "10m",
    summary: `${percent} of the memory of ${where} is in use`,
  },
  {
    group: "hosts",
    uid: "hostwright-oom-kill",
    title: "Program killed for want of memory",
    severity: "critical",
    source: "prometheus",
    expr: "increase(node_vmstat_oom_kill[10m])",
    fires: "above",
    threshold: 0,
    for: "0s",
    summary: `the kernel of ${where} killed a program because memory ran out`,
  },
];
