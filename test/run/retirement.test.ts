import t from "tap";
import { placeWord } from "../../engine/resource/json-members.ts";
import { parseMade } from "../../engine/run/made-look.ts";
import { ofInventory, planRetirement, titleOf, undoScript } from "../../engine/run/retirement.ts";

const SCOPE = "aaaaaaaa.bbbbbbbb";
const OTHER = "cccccccc.bbbbbbbb";
const [one, two] = ["11111111", "22222222"];
const made = (what: string, { scope = SCOPE, key = one } = {}) => `made ${scope} ${key} ${what}`;

/** What is planned where a host says this. */
function planned(said: readonly string[], withData = false) {
  const going = { ...ofInventory({ inventory: "aaaaaaaa", playbook: "bbbbbbbb" }), withData };
  const { removals, left, handed } = planRetirement(parseMade(said.join("\n")), going);
  return {
    goes: removals.map(({ title }) => title),
    stays: left.map(({ title, why }) => `${title}: ${why}`),
    handed: handed.length,
  };
}

const cases = [
  { name: "nothing is noted", said: [], goes: [], stays: [] },
  {
    name: "the last goes first, and what is gone already is no matter",
    said: [made("folder - /a"), "there", "holds Zg==", made("file - /a/f"), "there", made("file - /gone")],
    goes: ["file /a/f", "folder /a"],
    stays: [],
  },
  {
    name: "a line that is there twice counts where it is last",
    said: [made("file - /a"), "there", made("file - /b"), "there", made("file - /a"), "there"],
    goes: ["file /a", "file /b"],
    stays: [],
  },
  {
    name: "a folder with something of others in it stays, and so does the one above",
    said: [made("folder - /a"), "there", "holds Yg==", made("folder - /a/b"), "there", "holds dGhlaXJz"],
    goes: [],
    stays: [
      "folder /a/b: it holds what no run made (theirs): data; --with-data removes it too",
      "folder /a: b in it stays",
    ],
  },
  {
    name: "what a unit keeps is data",
    said: [made("file - /etc/systemd/system/a.service"), "there", made("unit - a.service"), "there", "data /var/lib/a"],
    goes: ["unit a.service", "file /etc/systemd/system/a.service"],
    stays: ["folder /var/lib/a: data; --with-data removes it too"],
  },
  {
    name: "images go before the packages that remove them, also where a run died that had pulled them early",
    said: [made("image - i:1"), "there", made("package - docker"), "there", made("project - p"), "there"],
    goes: ["project p", "image i:1", "package docker"],
    stays: [],
  },
  {
    name: "packages go at once, the first of them last",
    said: [made("package - a"), "there", made("package pulled b"), "there", made("user - u"), "there"],
    goes: ["user u", "packages b, a"],
    stays: [],
  },
  {
    name: "a package that others need stays, with what it needs itself",
    said: [
      ...[made("package - a"), "there", made("package pulled b"), "there", made("package pulled c"), "there"],
      ...["purge a a", "purge b a b", "purge c c b a theirs"],
    ],
    goes: ["packages b, a"],
    stays: ["package c: theirs needs it"],
  },
  {
    name: "a package that came by itself and that somebody asked for since stays, and what needs it can go",
    said: [made("package - a"), "there", made("package pulled b"), "there", "manual a", "manual b"],
    goes: ["package a"],
    stays: ["package b: somebody asked for it by name since"],
  },
  {
    name: "members of a file go at once",
    said: [
      made(`member ${placeWord(["a"])} /d`),
      "there",
      "text e30=",
      made(`member ${placeWord(["a", "b"])} /d`),
      "there",
    ],
    goes: ["entries a, a.b of /d"],
    stays: [],
  },
];

for (const { name, said, goes, stays } of cases)
  t.test(`retirement: ${name}`, async (t) => {
    t.same(planned(said), { goes, stays, handed: 0 });
  });

t.test("with data, volumes and folders go too, each behind what wrote it", async (t) => {
  const said = [
    ...[made("folder - /a"), "there", "holds dGhlaXJz", made("project - p"), "there", "data p_v"],
    ...[made("unit - a.service"), "there", "data /var/lib/a"],
  ];
  t.same(planned(said, true).goes, ["unit a.service", "folder /var/lib/a", "project p", "volume p_v", "folder /a"]);
});

t.test(
  "what another inventory made stays unsaid; what it uses of ours stays, and is its own from now on",
  async (t) => {
    const said = [
      ...[made("folder - /ours"), "there", "holds ", made("folder - /shared", { key: two }), "there", "holds "],
      ...[made("file - /theirs", { scope: OTHER }), "there"],
      ...[`wants ${two} 33333333 ${OTHER}`, `wants ${two} 33333333 ${SCOPE}+`, `wants ${one} 33333333 ${SCOPE}+`],
    ];
    t.same(planned(said), {
      goes: ["folder /ours"],
      stays: ["folder /shared: another inventory uses it as well"],
      handed: 1,
    });
  },
);

t.test("a note that a broken disk left is none", async (t) => {
  const broken = [
    "made",
    "made x",
    made("file -"),
    made("rocket - /a"),
    made("file - a"),
    made("file - /"),
    "there",
    "\0\0",
  ];
  t.same(planned([...broken, "purge", "manual", "wants", "holds x", made("file - /f"), "there"]).goes, ["file /f"]);
  const undo = { scope: { inventory: "a", playbook: "b" }, key: one, what: "undo", name: "x" } as const;
  t.equal(undoScript({ ...undo, detail: "11111111.cm0=" }), undefined, "no half of a script is run");
  t.equal(undoScript(undo), undefined);
});

t.test("things have names that say what becomes of them", async (t) => {
  const title = (what: Parameters<typeof titleOf>[0]["what"], name: string, detail?: string) =>
    titleOf({ scope: { inventory: "", playbook: "" }, key: one, what, name, detail });
  t.same(
    [
      title("kept", "/f"),
      title("entry", "/.env", "A"),
      title("tree", "/opt/a/1"),
      title("membership", "u", "g"),
      title("unit-state", "a.service", "enable"),
      title("undo", "it may read"),
      title("blank", "/d.json"),
    ],
    [
      "file /f, put back as it was found",
      "entry A of /.env",
      "folder /opt/a/1 with all in it",
      "user u in group g",
      "unit a.service, back as it was found (enable)",
      'what was done by command "it may read"',
      "file /d.json",
    ],
  );
});
