import { dashboard, environmentVariable, hostVariable } from "../dashboards/dashboard.ts";
import { graph, stat } from "../dashboards/panels.ts";

const chosen = `environment=~"$environment",host=~"$host"`;
const disks = `fstype!~"tmpfs|overlay|squashfs|ramfs",${chosen}`;
const cards = `device!~"lo|veth.*|docker.*|br-.*",${chosen}`;

/** One host or several, as node_exporter sees them. */
export const host = dashboard({
  name: "host",
  title: "Host",
  about: "Processor, memory, disks and network, as node_exporter sees them.",
  variables: [environmentVariable(), hostVariable("node_uname_info")],
  rows: {
    Now: [
      stat({
        title: "Up since",
        about: "Time since the host booted.",
        unit: "s",
        width: 6,
        queries: { "{{host}}": `node_time_seconds{${chosen}} - node_boot_time_seconds{${chosen}}` },
      }),
      stat({
        title: "CPU in use",
        about: "The part of all cores that is not idle.",
        unit: "percentunit",
        width: 6,
        steps: [0.7, 0.9],
        queries: {
          "{{host}}": `1 - avg by (host) (rate(node_cpu_seconds_total{mode="idle",${chosen}}[$__rate_interval]))`,
        },
      }),
      stat({
        title: "Memory in use",
        about: "What programs cannot have any more.",
        unit: "percentunit",
        width: 6,
        steps: [0.8, 0.9],
        queries: {
          "{{host}}": `1 - node_memory_MemAvailable_bytes{${chosen}} / node_memory_MemTotal_bytes{${chosen}}`,
        },
      }),
      stat({
        title: "Killed for want of memory",
        about: "Programs that the kernel ended in the chosen time because memory ran out. Should be 0.",
        unit: "short",
        width: 6,
        steps: [1, 1],
        queries: { "{{host}}": `increase(node_vmstat_oom_kill{${chosen}}[$__range])` },
      }),
    ],
    Processor: [
      graph({
        title: "CPU by what it does",
        about: "Parts of all cores. Much iowait is a slow disk; steal is time that the cloud gave to others.",
        unit: "percentunit",
        width: 12,
        queries: {
          "{{host}} {{mode}}": `avg by (host, mode) (rate(node_cpu_seconds_total{mode!="idle",${chosen}}[$__rate_interval]))`,
        },
      }),
      graph({
        title: "Load",
        about: "Programs that run or wait to. Above the number of cores for long: too much work.",
        unit: "short",
        width: 12,
        queries: {
          "{{host}} 1 min": `node_load1{${chosen}}`,
          "{{host}} 5 min": `node_load5{${chosen}}`,
          "{{host}} cores": `count by (host) (node_cpu_seconds_total{mode="idle",${chosen}})`,
        },
      }),
    ],
    Memory: [
      graph({
        title: "Memory",
        about: "All of it, and what programs can still have.",
        unit: "bytes",
        width: 12,
        queries: {
          "{{host}} available": `node_memory_MemAvailable_bytes{${chosen}}`,
          "{{host}} total": `node_memory_MemTotal_bytes{${chosen}}`,
        },
      }),
      graph({
        title: "Swap in use",
        about: "None where the host has no swap.",
        unit: "bytes",
        width: 12,
        queries: { "{{host}}": `node_memory_SwapTotal_bytes{${chosen}} - node_memory_SwapFree_bytes{${chosen}}` },
      }),
    ],
    Disks: [
      graph({
        title: "Disk in use",
        about: "Of each file system. Logs, metrics and traces stop being written when it is full.",
        unit: "percentunit",
        queries: {
          "{{host}} {{mountpoint}}": `1 - node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}}`,
        },
      }),
      graph({
        title: "Inodes in use",
        about: "A file system with many small files can be full of these first.",
        unit: "percentunit",
        queries: {
          "{{host}} {{mountpoint}}": `1 - node_filesystem_files_free{${disks}} / node_filesystem_files{${disks}}`,
        },
      }),
      graph({
        title: "Read and written",
        about: "Bytes a second.",
        unit: "Bps",
        queries: {
          "{{host}} {{device}} read": `rate(node_disk_read_bytes_total{${chosen}}[$__rate_interval])`,
          "{{host}} {{device}} written": `rate(node_disk_written_bytes_total{${chosen}}[$__rate_interval])`,
        },
      }),
      graph({
        title: "Disk busy",
        about: "The part of the time in which it had something to do. Near 100 % it is what everything waits for.",
        unit: "percentunit",
        queries: { "{{host}} {{device}}": `rate(node_disk_io_time_seconds_total{${chosen}}[$__rate_interval])` },
      }),
      graph({
        title: "Open files",
        about: "Of what the kernel allows at most.",
        unit: "percentunit",
        queries: { "{{host}}": `node_filefd_allocated{${chosen}} / node_filefd_maximum{${chosen}}` },
      }),
    ],
    "Network and clock": [
      graph({
        title: "Received and sent",
        about: "Bytes a second, without the loopback and Docker's own interfaces.",
        unit: "Bps",
        width: 12,
        queries: {
          "{{host}} {{device}} received": `rate(node_network_receive_bytes_total{${cards}}[$__rate_interval])`,
          "{{host}} {{device}} sent": `rate(node_network_transmit_bytes_total{${cards}}[$__rate_interval])`,
        },
      }),
      graph({
        title: "Clock error",
        about: "How far the clock is off, by its own estimate. Logs and traces are told apart by time.",
        unit: "s",
        width: 12,
        queries: { "{{host}}": `abs(node_timex_offset_seconds{${chosen}})` },
      }),
    ],
  },
});
