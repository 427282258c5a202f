import type { Lab } from "./identity.ts";
/** stub */
export async function status(_lab: Lab): Promise<void> {}
