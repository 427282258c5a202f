import { readdirSync, readFileSync } from "node:fs";
import t from "tap";

t.test(
  "of another role, a role imports its vars only; what both derive from the inventory is in endpoints.ts",
  async (t) => {
    const roles = readdirSync("roles", { withFileTypes: true }).filter((entry) => entry.isDirectory());
    t.ok(roles.length >= 2);
    for (const { name } of roles) {
      const files = readdirSync(`roles/${name}`, { recursive: true, encoding: "utf8" });
      for (const file of files.filter((path) => path.endsWith(".ts"))) {
        const text = readFileSync(`roles/${name}/${file}`, "utf8");
        const outside = [...text.matchAll(/from "(\.\.\/[^"]+)"/g)].map(([, path = ""]) => path);
        // A folder inside the role imports from its parent as from beside it.
        const inside = file.includes("/") ? /^\.\.\/[\w-]+\.ts$/ : /^$/;
        for (const path of outside.filter((path) => !inside.test(path)))
          t.match(path, /^\.\.\/(\.\.\/engine\/index|endpoints|versions|[\w-]+\/vars)\.ts$/, `${name}/${file}`);
      }
    }
  },
);
