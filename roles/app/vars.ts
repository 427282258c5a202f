import type { Schema } from "hostwright";
import { address, environment } from "../hosts.ts";
import { programVars } from "../programs.ts";
import { hostServices } from "./services.ts";

/** Vars of role app: those of its services, and where it gets their programs. */
export const appVars: Schema = Object.assign(
  { environment, address },
  ...hostServices.map(({ vars }) => vars),
  programVars,
);
