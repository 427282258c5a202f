import { readdirSync, readFileSync } from "node:fs";
import t from "tap";

/** Who looks at whom: each may use what stands behind it. What both sides need is a file of `roles/` itself, or vars. */
const order = ["exposure", "verify", "preflight", "app", "monitoring"];

t.test("roles use each other in one direction, and otherwise share vars only", async (t) => {
  const roles = readdirSync("roles", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  t.same(roles.map(({ name }) => name).sort(), [...order].sort(), "every role has its place in the order");
  for (const name of order) {
    const files = readdirSync(`roles/${name}`, { recursive: true, encoding: "utf8" });
    for (const file of files.filter((path) => path.endsWith(".ts"))) {
      const text = readFileSync(`roles/${name}/${file}`, "utf8");
      // A folder inside the role imports from its parent as from beside it.
      const others = [...text.matchAll(/from "\.\.\/([\w-]+)\/([\w-]+)\.ts"/g)].filter(([, role = ""]) =>
        order.includes(role),
      );
      for (const [, role = "", module] of others) {
        t.ok(
          module === "vars" || order.indexOf(role) > order.indexOf(name),
          `${name}/${file} imports ${role}/${module}`,
        );
      }
    }
  }
});
