import t from "tap";
import { file } from "../../engine/resource/file.ts";

t.test("a resource knows the line outside the engine that made it", async (t) => {
  t.same(file({ path: "/etc/motd", content: "" }).place, { file: "test/resource/resource.test.ts", line: 5 });
});
