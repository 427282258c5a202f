import { type MemberPlace, placeIn } from "../resource/json-members.ts";
import { hash } from "./applied.ts";
import type { Found, MadeLook } from "./made-look.ts";
import type { Recorded, Scope } from "./record.ts";

/** One thing that goes, or several that go at once: all packages, all members of one file. */
export interface Removal {
  readonly title: string;
  readonly things: readonly Recorded[];
  /** Of a JSON file: what it holds now. */
  readonly text?: string | undefined;
  /** What is kept in folders, or in volumes: a path, or the name of a volume. */
  readonly data?: string;
}

/** What stays on purpose. */
export interface Left {
  readonly title: string;
  readonly why: string;
}

/** What goes, in this order, and what stays. */
export interface Retirement {
  readonly removals: readonly Removal[];
  readonly left: readonly Left[];
  /** Lines of the record that are done with; those of others stay. */
  readonly done: readonly Recorded[];
  /** What another inventory wants as well: it is theirs from now on. */
  readonly handed: readonly Recorded[];
}

/** Which things are to go. */
export interface Going {
  /** Tells those of this inventory, or of this inventory and playbook that no role describes any more. */
  isOurs(thing: Recorded): boolean;
  /** Tells whether a scope is another's: what it wants as well is left. */
  isOther(scope: string): boolean;
  readonly withData: boolean;
}

export const DATA = "data; --with-data removes it too";

/** Returns what goes of what runs made here, the last first, and what stays. */
export function planRetirement(look: MadeLook, going: Going): Retirement {
  const own = look.found.filter(({ thing }) => going.isOurs(thing));
  const isWanted = ({ thing }: Found) => (look.wanted.get(thing.key) ?? []).some(going.isOther);
  const handed = own.filter(isWanted);
  const mine = imagesFirst(own.filter((one) => !isWanted(one) && one.isThere).reverse());
  const needed = neededPackages(mine, look);
  const steps: Removal[] = [];
  const left: Left[] = handed
    .filter(({ isThere }) => isThere)
    .map(({ thing }) => ({ title: titleOf(thing), why: "another inventory uses it as well" }));
  const last = mine.findLast(({ thing }) => thing.what === "package");
  for (const one of mine) {
    const { thing } = one;
    if (isBrought(thing)) continue;
    if (thing.what === "package") {
      const why = needed.get(thing.name);
      if (why !== undefined) left.push({ title: titleOf(thing), why });
      if (one === last) steps.push(...packagesIn(mine, needed), ...broughtIn(mine));
    } else if (thing.what === "member") steps.push(...membersOf(one, mine));
    else {
      const hinders = thing.what === "folder" && !going.withData ? hindranceOf(one, steps, left) : undefined;
      if (hinders === undefined) steps.push({ title: titleOf(thing), things: [thing] });
      else left.push({ title: titleOf(thing), why: hinders });
    }
    for (const path of one.data) {
      const title = `${thing.what === "project" ? "volume" : "folder"} ${path}`;
      if (going.withData) steps.push({ title, things: [], data: path });
      else left.push({ title, why: DATA });
    }
  }
  return {
    removals: steps,
    left,
    done: own.filter((one) => !isWanted(one)).map(({ thing }) => thing),
    handed: handed.map(({ thing }) => thing),
  };
}

/** What a run that died had pulled is noted before the packages that remove it: it goes before them all the same. */
function imagesFirst(all: readonly Found[]): readonly Found[] {
  const at = all.findIndex(({ thing }) => thing.what === "package");
  if (at < 0) return all;
  const images = all.slice(at).filter(({ thing }) => thing.what === "image");
  return [...all.slice(0, at), ...images, ...all.slice(at).filter((one) => !images.includes(one))];
}

/** What a thing is called: "folder /etc/app". */
export function titleOf({ what, name, detail = "" }: Recorded): string {
  if (what === "entry") return `entry ${detail} of ${name}`;
  if (what === "member") return `entry ${(placeIn(detail) ?? []).join(".")} of ${name}`;
  if (what === "kept") return `file ${name}, put back as it was found`;
  if (what === "tree") return `folder ${name} with all in it`;
  if (what === "membership") return `user ${name} in group ${detail}`;
  if (what === "unit-state") return `unit ${name}, back as it was found (${detail})`;
  if (what === "undo") return `what was done by command "${name}"`;
  const brought = detail === "package" ? ", which packages brought" : "";
  return `${what === "blank" ? "file" : what} ${name}${brought}`;
}

/** Packages that have to stay, and why: something that is not ours needs them, or somebody asked for them since. */
function neededPackages(mine: readonly Found[], { goesWith, manual }: MadeLook): ReadonlyMap<string, string> {
  const packages = mine.filter(({ thing }) => thing.what === "package").map(({ thing }) => thing);
  const needed = new Map<string, string>();
  for (const { name, detail } of packages)
    if (detail === "pulled" && manual.has(name)) needed.set(name, "somebody asked for it by name since");
  const stays = (name: string) => needed.has(name) || !packages.some((one) => one.name === name);
  for (let before = -1; before < needed.size; ) {
    before = needed.size;
    for (const { name } of packages) {
      const other = needed.has(name) ? undefined : goesWith.get(name)?.find(stays);
      if (other !== undefined) needed.set(name, `${other} needs it`);
    }
  }
  return needed;
}

function packagesIn(mine: readonly Found[], needed: ReadonlyMap<string, string>): readonly Removal[] {
  const things = mine.map(({ thing }) => thing).filter(({ what, name }) => what === "package" && !needed.has(name));
  if (things.length === 0) return [];
  return [
    { title: `${things.length > 1 ? "packages" : "package"} ${things.map(({ name }) => name).join(", ")}`, things },
  ];
}

/** Where these members are in their file. */
export function placesOf(things: readonly Recorded[]): readonly MemberPlace[] {
  return things.flatMap(({ detail = "" }) => {
    const place = placeIn(detail);
    return place ? [place] : [];
  });
}

/** What packages brought goes behind them, where they leave it. */
function broughtIn(mine: readonly Found[]): readonly Removal[] {
  return mine.filter(({ thing }) => isBrought(thing)).map(({ thing }) => ({ title: titleOf(thing), things: [thing] }));
}

function isBrought({ what, detail }: Recorded): boolean {
  return what !== "package" && detail === "package";
}

/** The members of a file go at once, by the text that was read. */
function membersOf({ thing, text }: Found, mine: readonly Found[]): readonly Removal[] {
  const all = mine.map((one) => one.thing).filter(({ what, name }) => what === "member" && name === thing.name);
  if (all[0] !== thing) return [];
  const names = all.map(({ detail = "" }) => (placeIn(detail) ?? []).join("."));
  return [{ title: `entries ${names.reverse().join(", ")} of ${thing.name}`, things: all, text }];
}

/** Why a folder stays: what is in it then that no run of ours made. */
function hindranceOf({ thing, holds }: Found, steps: readonly Removal[], left: readonly Left[]): string | undefined {
  const gone = new Set(
    steps.flatMap(({ things }) => things.filter(({ what }) => PATHS.includes(what)).map(({ name }) => name)),
  );
  const stays = holds.filter((name) => !gone.has(`${thing.name}/${name}`));
  if (stays.length === 0) return undefined;
  const ours = left.some(({ title }) => stays.some((name) => title === `folder ${thing.name}/${name}`));
  if (ours) return `${stays.join(", ")} in it stays`;
  // A command may have made what is in it, and undoes that.
  if (steps.some(({ things }) => things.some((one) => undoScript(one)?.includes(`${thing.name}/`)))) return undefined;
  return `it holds what no run made (${named(stays)}): ${DATA}`;
}

/** The script that undoes what a command did; undefined where a broken disk left something else, or of other things. */
export function undoScript({ what, detail = "" }: Recorded): string | undefined {
  const [, digits, base64 = ""] = /^([0-9a-f]{8})\.(.*)$/.exec(detail) ?? [];
  const text = Buffer.from(base64, "base64").toString();
  return what === "undo" && hash(text) === digits ? text : undefined;
}

const PATHS: readonly string[] = ["file", "blank", "folder", "tree"];

function named(names: readonly string[]): string {
  const [one = "", two, ...more] = names;
  return [one, ...(two === undefined ? [] : [two]), ...(more.length > 0 ? [`${more.length} more`] : [])].join(", ");
}

/** Tells what is of an inventory, whatever the playbook. */
export function ofInventory({ inventory }: Scope): Pick<Going, "isOurs" | "isOther"> {
  return {
    isOurs: ({ scope }) => scope.inventory === inventory,
    isOther: (scope) => !scope.startsWith(`${inventory}.`),
  };
}
