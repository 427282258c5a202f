import t from "tap";
import { reveal } from "../../engine/index.ts";
import { bcryptHash } from "../../roles/bcrypt.ts";

t.test(
  "a hash is the same in each run, and another for another place, with no trace of the password in its salt",
  async (t) => {
    const hash = (password: string, place: string) => reveal(bcryptHash(password, place));
    t.equal(hash("a", "dev@gateway"), hash("a", "dev@gateway"));
    t.not(hash("a", "dev@gateway"), hash("a", "prod@gateway"));
    t.equal(hash("a", "x").slice(0, 29), hash("b", "x").slice(0, 29), "the salt is of the place");
    t.throws(() => hash("x".repeat(73), "dev@gateway"), /more than 72 bytes/);
  },
);
