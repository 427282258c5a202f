import t from "tap";
import { marked } from "../../roles/marker.ts";

t.test("a mark is two minutes and a fraction that no other content has, written as Go prints it", async (t) => {
  const marks = ["", "a", "b", "retention: 1h", "é"].map((text) => marked((mark) => `${text}${mark}`));
  for (const { mark, content } of marks) {
    t.match(mark, /^2m0\.\d{8}[1-9]s$/);
    t.ok(content.toString().endsWith(mark));
  }
  t.equal(new Set(marks.map(({ mark }) => mark)).size, marks.length);
  t.equal(marked((mark) => `same ${mark}`).mark, marked((mark) => `same ${mark}`).mark);
});
