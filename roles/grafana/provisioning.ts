import { checkedDocument, type DocumentSchema, MismatchError, type Text } from "hostwright";

/**
 * What Grafana reads at its start, as far as it is written here: Grafana publishes no schema of its provisioning files and has no
 * command that checks them, and a file that it cannot read keeps it from starting. A field that is not here is a slip, or belongs here too.
 */

/** Letters, digits, hyphens and underscores; longer ones are refused. */
const uid = { type: "string", pattern: "^[a-zA-Z0-9_-]{1,40}$" };
const text = { type: "string", minLength: 1 };
const duration = { type: "string", pattern: "^\\d+[smhd]$" };
const open = { type: "object" };
const integer = { type: "integer" };
const flag = { type: "boolean" };

/** An object of these fields and no others; those whose name ends in "?" may be missing. */
function object(fields: Readonly<Record<string, unknown>>): DocumentSchema {
  const named = Object.entries(fields).map(([name, schema]) => [name.replace("?", ""), schema] as const);
  const required = Object.keys(fields).filter((name) => !name.endsWith("?"));
  return { type: "object", properties: Object.fromEntries(named), required, additionalProperties: false };
}

function list(items: unknown): DocumentSchema {
  return { type: "array", items };
}

const version = { const: 1 };
const reference = object({ type: text, uid });
const org = { const: 1 };

const dataSources = object({
  apiVersion: version,
  prune: flag,
  datasources: list(
    object({
      ...{ name: text, uid, type: text, access: { const: "proxy" }, url: { type: "string", pattern: "^https?://" } },
      ...{ "isDefault?": flag, editable: flag, jsonData: open },
    }),
  ),
});

const folders = object({
  apiVersion: version,
  providers: list(
    object({
      ...{ name: text, orgId: org, folder: text, type: { const: "file" }, disableDeletion: flag, allowUiUpdates: flag },
      ...{ updateIntervalSeconds: integer, options: object({ path: text, foldersFromFilesStructure: flag }) },
    }),
  ),
});

const contactPoints = object({
  apiVersion: version,
  contactPoints: list(
    object({
      ...{ orgId: org, name: text },
      receivers: {
        ...list(object({ uid, type: { enum: ["slack", "discord", "webhook", "email"] }, settings: open })),
        minItems: 1,
      },
    }),
  ),
  deleteContactPoints: list(object({ orgId: org, uid })),
  policies: list(
    object({
      ...{ orgId: org, receiver: text, group_by: list(text), group_wait: duration, group_interval: duration },
      repeat_interval: duration,
    }),
  ),
});

const rules = object({
  apiVersion: version,
  groups: list(
    object({
      ...{ orgId: org, name: text, folder: text, interval: duration },
      rules: list(
        object({
          ...{ uid, title: text, for: duration, condition: text, noDataState: { enum: ["OK", "NoData", "Alerting"] } },
          ...{ execErrState: { enum: ["OK", "Error", "Alerting"] }, labels: open, annotations: open },
          data: list(
            object({
              refId: text,
              "relativeTimeRange?": object({ from: integer, to: integer }),
              datasourceUid: uid,
              model: open,
            }),
          ),
        }),
      ),
    }),
  ),
});

const dashboard = {
  type: "object",
  required: ["uid", "title", "schemaVersion", "panels", "templating", "annotations"],
  properties: {
    ...{ uid, title: text, schemaVersion: integer },
    panels: list({
      type: "object",
      required: ["id", "type", "title", "gridPos"],
      properties: {
        ...{ id: { type: "integer", minimum: 1 }, type: text, title: text, datasource: reference },
        gridPos: object({ x: integer, y: integer, w: { type: "integer", maximum: 24 }, h: integer }),
        targets: list({
          type: "object",
          required: ["refId", "datasource"],
          properties: { refId: text, datasource: reference },
        }),
      },
    }),
    annotations: object({ list: list({ type: "object", required: ["name", "datasource", "enable", "expr"] }) }),
    templating: object({
      list: list({ type: "object", required: ["type", "name"], properties: { type: text, name: text } }),
    }),
  },
};

const schemas = {
  "datasources.yml": dataSources,
  "dashboards.yml": folders,
  "contact-points.yml": contactPoints,
  "rules.json": rules,
};

/** The file of this path, where Grafana can read it; throws `MismatchError` where it cannot, before any host is asked anything. */
export function provisioned<T extends Text>(path: string, content: T): T {
  const [, name = ""] = /([^/]+)$/.exec(path) ?? [];
  return checkedDocument(path, content, (schemas as Record<string, DocumentSchema>)[name] ?? dashboard);
}

/** Throws `MismatchError` where two of these have one uid: Grafana takes neither then. */
export function checkUids(what: string, all: readonly { readonly uid: string; readonly title: string }[]): void {
  for (const [index, { uid, title }] of all.entries()) {
    const other = all.findIndex((one) => one.uid === uid);
    if (other < index)
      throw new MismatchError({
        message: `${what} "${title}" and "${all[other]?.title}"`,
        found: `one uid, ${uid}`,
        expected: "two",
      });
  }
}
