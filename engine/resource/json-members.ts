/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Where a member is in an object: the names that lead there. */
export type MemberPlace = readonly string[];

/** The members that an object gets with these entries, each object before what is in it. */
export function addedTo(found: Json | undefined, entries: Json, above: MemberPlace = []): readonly MemberPlace[] {
  if (!isObject(entries)) return [];
  return Object.entries(entries).flatMap(([name, value]) => {
    const place = [...above, name];
    const isThere = isObject(found) && Object.hasOwn(found, name);
    const own = isThere ? found[name] : {};
    return [...(isThere ? [] : [place]), ...(isObject(own) ? addedTo(own, value, place) : [])];
  });
}

/** The object without these members; one that is an object is left as long as there is anything in it. */
export function withoutMembers(value: Json, places: readonly MemberPlace[]): Json {
  return places.reduce(withoutMember, value);
}

function withoutMember(value: Json, [name, ...rest]: MemberPlace): Json {
  if (!isObject(value) || name === undefined || !Object.hasOwn(value, name)) return value;
  const own = value[name] as Json;
  if (rest.length > 0) return { ...value, [name]: withoutMember(own, rest) };
  if (isObject(own) && Object.keys(own).length > 0) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}

/** A place as one word, and back; undefined for what is none. */
export function placeWord(place: MemberPlace): string {
  return Buffer.from(JSON.stringify(place)).toString("base64");
}

export function placeIn(word: string): MemberPlace | undefined {
  try {
    const place: unknown = JSON.parse(Buffer.from(word, "base64").toString());
    return Array.isArray(place) && place.every((name) => typeof name === "string") ? place : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value of JSON has members. */
export function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
