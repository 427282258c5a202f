import {
  boolean,
  type Facts,
  http,
  integer,
  list,
  port,
  type Resource,
  type Site,
  string,
  unit,
  type VarsOf,
} from "hostwright";
import { addressOf, endpoint } from "../hosts.ts";
import { account, binary, installed, type Program, releaseResource } from "../programs.ts";
import { defineHostService } from "../service.ts";
import { template } from "../templates.ts";
import { releasePins } from "../versions.ts";

const vars = {
  process_exporter: boolean("Metrics of groups of processes, by process-exporter", { default: false }),
  process_exporter_names: list(
    "Names of the processes that are groups of their own, as `ps -o comm` prints them",
    string("A name", { pattern: "^[^,\\s]{1,15}$" }),
    { default: ["java"] },
  ),
  process_exporter_version: string("process-exporter's version", {
    pattern: "^[0-9]+[.][0-9]+[.][0-9]+$",
    default: releasePins.process_exporter.version,
  }),
  process_exporter_port: port("Where the metrics of processes are read", { default: 9256 }),
  process_exporter_memory_mb: integer("Memory limit of process-exporter in MB", {
    minimum: 32,
    maximum: 65_536,
    default: 64,
  }),
};

type Vars = VarsOf<typeof vars>;

const NAME = "process_exporter";
const tags = [NAME];

/** CPU, memory and number of the processes of some names, for who asks for it. */
export const processExporter = defineHostService({
  name: NAME,
  vars,
  isOn: ({ process_exporter }) => process_exporter,
  program,
  listens: ({ process_exporter_port }) => [
    {
      what: NAME,
      address: "0.0.0.0",
      port: process_exporter_port,
      setBy: "process_exporter_port",
      tls: false,
      login: undefined,
      holders: [NAME],
    },
  ],
  scraped: {
    kind: "process",
    what: "process metrics",
    // A group is there once one of its processes was seen, this from the first scrape on.
    known: () => "namedprocess_scrape_errors",
    ownUrl,
    how: ({ process_exporter_port }, host) => ({ target: endpoint(addressOf(host), process_exporter_port) }),
  },
  memoryMb: ({ process_exporter_memory_mb }) => process_exporter_memory_mb,
  resources,
  gates: (own) => [http({ url: ownUrl(own), contains: "namedprocess_scrape_errors" }, { tags })],
});

function ownUrl({ process_exporter_port }: Vars): string {
  return `http://127.0.0.1:${process_exporter_port}/metrics`;
}

function program({ process_exporter_version: version }: Vars): Program {
  const stem = (architecture: string) => `process-exporter-${version}.linux-${architecture}`;
  return {
    name: NAME,
    pin: releasePins.process_exporter,
    version,
    checksums: "checksums.txt",
    archive: (architecture) => `${stem(architecture)}.tar.gz`,
    inside: (architecture) => `${stem(architecture)}/process-exporter`,
  };
}

function resources(own: Vars, site: Site, facts: Facts): readonly Resource[] {
  const exporter = program(own);
  const content = template("process-exporter/process_exporter.service.hbs", {
    program: binary(exporter),
    version: exporter.version,
    listen: `--web.listen-address=:${own.process_exporter_port}`,
    names: `--procnames=${own.process_exporter_names.join(",")}`,
    memoryMax: `${own.process_exporter_memory_mb}M`,
  });
  return [
    ...account(NAME),
    releaseResource(exporter, facts, site),
    unit({ name: `${NAME}.service`, content, config: [installed(exporter)] }, { tags }),
  ];
}
