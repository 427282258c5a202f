import { templatesIn } from "hostwright";

/** Renders a file of `templates/`. */
export const template = templatesIn(new URL("../templates/", import.meta.url));
