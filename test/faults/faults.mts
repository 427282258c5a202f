// Disturbs whole runs of the site on the lab: cut connections, a controller that is killed, machines that reboot or lose their power.
//   npm run faults                                        200 cuts, 50 kills, 10 reboots, 10 power losses: some hours
//   npm run faults -- --cuts 20 --kills 5 --reboots 1 --power-losses 1
//   npm run faults -- --from 120                          goes on where it was ended after 120 points
// The tests' lab is used (HOSTWRIGHT_TEST_LAB, 9 unless given): it is brought up and converged, and left up.
import { parseArgs } from "node:util";
import { raiseLab } from "../support/lab.ts";
import { disturb, type Plan, type Point, takeStage } from "./faults.ts";

const { values } = parseArgs({
  options: {
    cuts: { type: "string", default: "200" },
    kills: { type: "string", default: "50" },
    reboots: { type: "string", default: "10" },
    "power-losses": { type: "string", default: "10" },
    from: { type: "string", default: "0" },
    hosts: { type: "string", default: "mon,app-dev,app-prod" },
  },
});
const plan: Plan = {
  cuts: Number(values.cuts),
  kills: Number(values.kills),
  reboots: Number(values.reboots),
  powerLosses: Number(values["power-losses"]),
  from: Number(values.from),
};
await raiseLab();
const stage = await takeStage(values.hosts.split(","));
const points: Point[] = [];
await disturb(stage, plan, (point) => {
  points.push(point);
  const { kind, at, code, again, differences } = point;
  process.stdout.write(
    `${kind.padEnd(11)} at ${(at * 100).toFixed(1).padStart(5)} %  run ${code}  again ${again}  ${differences.length} differences\n`,
  );
  for (const line of differences) process.stdout.write(`  ${line}\n`);
});
stage.close();
const byItself = points.filter(({ code }) => code === 0).length;
const wrong = points.filter(({ again, differences }) => again !== 0 || differences.length > 0).length;
process.stdout.write(`${points.length} points, ${byItself} went on by themselves, ${wrong} with differences\n`);
process.exitCode = wrong === 0 ? 0 : 1;
