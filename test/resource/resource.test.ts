import t from "tap";
import { file } from "../../engine/resource/file.ts";

t.test("a resource knows the line outside the engine that made it", async (t) => {
  t.equal(file({ path: "/etc/motd", content: "" }).origin, "test/resource/resource.test.ts:5");
});
