import { readFileSync } from "node:fs";
import t from "tap";
import * as hostwright from "../engine/index.ts";

const source = readFileSync("engine/index.ts", "utf8");
const names = [...source.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(([, allTypes, list = ""]) =>
  list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
    .map((name) => (allTypes ? `type ${name}` : name)),
);

t.test("what the package hostwright exports changes on purpose only", async (t) => {
  t.matchSnapshot(`${[...names].sort().join("\n")}\n`);
});

t.test("the index is all that is exported, and every name in it is there", async (t) => {
  t.notMatch(source, /export (\*|default|const|function|class|interface)/);
  t.same(Object.keys(hostwright).sort(), names.filter((name) => !name.startsWith("type ")).sort());
});

t.test("every resource type's arguments have a type that can be imported", async (t) => {
  const index = readFileSync("engine/index.ts", "utf8");
  const resources = [...index.matchAll(/export \{([^}]*)\} from "\.\/resource\/([\w-]+)\.ts"/g)];
  const made = resources.filter(([, , file]) =>
    /= defineResource[(<]/.test(readFileSync(`engine/resource/${file}.ts`, "utf8")),
  );
  t.ok(made.length >= 13);
  for (const [, exported, file] of made) t.match(exported, /type \w+Desired\b/, `${file}`);
});
