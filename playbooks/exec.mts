// One command on many hosts:
//   npx zx playbooks/exec.mts app -- 'journalctl -u promtail -n 5'
import { runExec } from "hostwright";
import site from "./site.mts";

await runExec(site, import.meta.url);
