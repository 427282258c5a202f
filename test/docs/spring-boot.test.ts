import { readFileSync } from "node:fs";
import t from "tap";
import { parse, parseAllDocuments } from "yaml";

const PAGE = "docs/spring-boot.md";
const APPLICATION = "test/lab/spring";
const MAIN = `${APPLICATION}/src/main`;

const page = readFileSync(PAGE, "utf8");
const source = (path: string) => readFileSync(path, "utf8");

/** The blocks of code in a section of the page, or in all of it. */
function blocks(language: string, section?: string): readonly string[] {
  const text = section === undefined ? page : (page.split(/^## /m).find((part) => part.startsWith(section)) ?? "");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, code = ""]) => code);
}

/** Each value of a YAML file by its keys, joined with dots as Spring Boot does. */
function settings(value: unknown, path = ""): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, one]) => settings(one, path === "" ? key : `${path}.${key}`));
}

/** The settings of a snippet that the application has not, or has otherwise. */
function missing(snippet: string, file: string): readonly (readonly [string, unknown])[] {
  const [own] = parseAllDocuments(source(file));
  if (own === undefined || !("toJS" in own)) throw new Error(`${file}: no document`);
  const known = new Map(settings(own.toJS()));
  return settings(parse(snippet)).filter(([path, value]) => known.get(path) !== value);
}

/** A dependency of the POM as Gradle writes it, with its version where the POM says one. */
function dependencies(pom: string): readonly string[] {
  const property = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(pom)?.[1];
  return [...pom.matchAll(/<dependency>([\s\S]*?)<\/dependency>/g)].map(([, inner = ""]) => {
    const [group, artifact, version] = ["groupId", "artifactId", "version"].map(
      (name) => new RegExp(`<${name}>([^<]*)<`).exec(inner)?.[1],
    );
    const said = version?.replace(/^\$\{(.*)\}$/, (_, name) => property(name) ?? "");
    return [group, artifact, said].filter((part) => part !== undefined).join(":");
  });
}

/** The POM with one of its two profiles; what a profile says comes first. */
function pomWith(profile: string): string {
  const pom = source(`${APPLICATION}/pom.xml`);
  const profiles = [...pom.matchAll(/<profile>[\s\S]*?<\/profile>/g)].map(([text]) => text);
  const own = profiles.find((text) => text.includes(`<id>${profile}</id>`));
  if (own === undefined) throw new Error(`${APPLICATION}/pom.xml: found no profile ${profile}`);
  return `${own}${pom.replace(/<profiles>[\s\S]*<\/profiles>/, "")}`;
}

for (const { section, profile, file } of [
  { section: "Boot 3.4 and 3.5", profile: "boot3", file: `${MAIN}/resources/application.yml` },
  { section: "Boot 4.x", profile: "boot4", file: `${MAIN}/boot4/config/application.yml` },
]) {
  t.test(`${PAGE}, ${section}: the lab's application has these dependencies and settings`, async (t) => {
    const [gradle = ""] = blocks("groovy", section);
    const named = [...gradle.matchAll(/^implementation '([^']+)'$/gm)].map(([, name = ""]) => name);
    t.ok(named.length >= 4);
    const own = dependencies(pomWith(profile));
    t.same(
      named.filter((name) => !own.includes(name)),
      [],
    );
    const [yaml = ""] = blocks("yaml", section);
    t.ok(settings(parse(yaml)).length >= 3);
    t.same(missing(yaml, file), []);
  });
}

t.test(`${PAGE} is of the versions that the application is built with`, async (t) => {
  for (const profile of ["boot3", "boot4"]) {
    const version = /<spring-boot\.version>([^<]*)</.exec(pomWith(profile))?.[1] ?? "";
    t.ok(version !== "" && page.includes(version), version);
  }
});

t.test(`${PAGE}: its Java and its logback are the application's own`, async (t) => {
  const [java = ""] = blocks("java");
  t.ok(source(`${MAIN}/java/lab/fittoring/Tracing.java`).endsWith(java) && java !== "");
  const [xml = ""] = blocks("xml");
  const flat = (text: string) => text.replaceAll(/^ +/gm, "");
  t.ok(flat(source(`${MAIN}/resources/logback-spring.xml`)).includes(flat(xml)) && xml !== "");
});

t.test("a setting that differs is told", async (t) => {
  const file = `${MAIN}/resources/application.yml`;
  t.same(missing("server: { port: 8081 }", file), []);
  t.same(missing("server: { port: 8080, address: 127.0.0.1 }", file), [
    ["server.port", 8080],
    ["server.address", "127.0.0.1"],
  ]);
});
