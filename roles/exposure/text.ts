import type { Listener } from "../preflight/host.ts";
import { REDIRECT } from "../service.ts";
import { type Exposure, reachedBy } from "./exposures.ts";

/** What really listens on a host, compared with what the inventory says. */
export interface Comparison {
  readonly host: string;
  /** Listens where others can reach it, and is none of ours. */
  readonly others: readonly Listener[];
  /** Ought to listen, and does not. */
  readonly missing: readonly Exposure[];
}

/** Compares what a host said with what it should expose. Where Docker publishes without a proxy, only Docker knows. */
export function compare(
  host: string,
  expected: readonly Exposure[],
  { listeners = [], published }: { readonly listeners?: readonly Listener[]; readonly published: ReadonlySet<number> },
): Comparison {
  const own = expected.filter((one) => one.host === host);
  const outside = listeners.filter(({ address }) => !/^(127\.|::1$|::ffff:127\.)/.test(address));
  const others = outside.filter(({ port }) => !own.some((one) => one.port === port && one.reach !== "host"));
  const missing = own.filter(({ port }) => !listeners.some((one) => one.port === port) && !published.has(port));
  return { host, others: distinct(others), missing };
}

/** One line for IPv4 and IPv6. */
function distinct(listeners: readonly Listener[]): readonly Listener[] {
  const seen = new Set<string>();
  return listeners.filter(({ port, holder }) => {
    const key = `${port} ${holder.replace(/ .*/, "")}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** The table, what it comes to, and what to do. */
export function exposureText(all: readonly Exposure[], comparisons: readonly Comparison[] | undefined): string {
  const rows = all.map((one) => [
    one.host,
    `${one.address}:${one.port}`,
    one.tls ? "TLS" : "no TLS",
    one.login ?? "no login",
    reachedBy(one),
    `${one.what} (${one.because})`,
  ]);
  const header = ["HOST", "PORT", "TLS", "LOGIN", "REACHED BY", "WHAT"];
  return [...table([header, ...rows]), "", ...verdict(all), ...(comparisons ?? []).flatMap(comparisonLines)].join("\n");
}

function verdict(all: readonly Exposure[]): readonly string[] {
  const open = all.filter(({ isOpen }) => isOpen);
  const plain = all.filter(({ reach, tls, login, isOpen }) => reach !== "host" && !tls && login && !isOpen);
  const lines = open.map(({ host, port, what, because }) => `  ${host}:${port}  ${what}: ${because}`);
  const hasGateway = all.some(({ because }) => because === "gateway: true");
  const advice = hasGateway
    ? "Let the network pass these from the monitoring host's address only."
    : "Let the network pass these between your hosts only; or set gateway: true (docs/gateway.md), after which only 80 and 443 of the monitoring host are open.";
  return [
    open.length === 0
      ? "Nothing that can be reached from outside lets everyone in."
      : `${open.length} ports let in everyone who reaches them, because the inventory or a role's default names them:`,
    ...lines,
    ...(open.length === 0 ? [] : [advice]),
    ...plain
      .filter(({ login }) => login !== REDIRECT)
      .map(({ host, port }) => `${host}:${port} takes passwords without TLS.`),
    ...(all.some(({ reach }) => reach === "everyone")
      ? ["Docker's rules come before ufw's: ufw hides no published port."]
      : []),
  ];
}

function comparisonLines({ host, others, missing }: Comparison): readonly string[] {
  const other = others.map(({ port, address, holder }) => `  ${address}:${port}  ${holder || "unknown"}`);
  const gone = missing.map(({ port, what }) => `  ${port}  ${what}`);
  return [
    "",
    ...(other.length === 0
      ? [`${host}: nothing else listens`]
      : [`${host}: also listens, which is not ours`, ...other]),
    ...(gone.length === 0 ? [] : [`${host}: does not listen yet`, ...gone]),
  ];
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
