// What a run that changes nothing has to cost: zx, and one probe script a host over ssh, all hosts at once.
import { $ } from "zx";

const [config = "", script = "", ...hosts] = process.argv.slice(3);
await Promise.all(hosts.map((host) => $({ quiet: true })`ssh -F ${config} ${host} sh -s <${script}`));
