import { readdirSync, readFileSync } from "node:fs";
import t from "tap";

t.test(
  "of another role, a role imports its vars only; what both derive from the inventory is in endpoints.ts",
  async (t) => {
    const roles = readdirSync("roles", { withFileTypes: true }).filter((entry) => entry.isDirectory());
    t.ok(roles.length >= 2);
    for (const { name } of roles) {
      for (const file of readdirSync(`roles/${name}`)) {
        const text = readFileSync(`roles/${name}/${file}`, "utf8");
        const outside = [...text.matchAll(/from "(\.\.\/[^"]+)"/g)].map(([, path = ""]) => path);
        for (const path of outside)
          t.match(path, /^\.\.\/(\.\.\/engine\/index|endpoints|[\w-]+\/vars)\.ts$/, `${name}/${file}`);
      }
    }
  },
);
