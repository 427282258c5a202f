/**
 * A user's process that turns names in a folder of theirs as fast as it can, until it is ended, while root works there.
 * usage: node swapper.mjs HOW HOME VAULT, as that user. HOME/app is the folder that root works in, VAULT is root's.
 */
import { existsSync, lstatSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";

const [how = "", home = "", vault = ""] = process.argv.slice(2);
const app = `${home}/app`;
const names = [".env", "conf", "dir", "link", "a.log"];

const rounds = {
  /** Each name is by turns a file, a link to root's file of that name, and a link to root's folder. */
  names() {
    for (const name of names) {
      if (name === "dir" || name === "link") symlinkSync(vault, `${app}/.mine`);
      else symlinkSync(`${vault}/${name}`, `${app}/.mine`);
      turn(`${app}/.mine`, `${app}/${name}`);
    }
    for (const name of names) {
      writeFileSync(`${app}/.mine`, "A=1\nKEY=old\n");
      turn(`${app}/.mine`, `${app}/${name}`);
    }
  },
  /** The folder itself is by turns theirs and a link to root's. */
  folder() {
    turn(app, `${home}/real`);
    symlinkSync(vault, app);
    rmSync(app);
    turn(`${home}/real`, app);
  },
  /** What root has staged is taken away, and a link to root's put in its place. */
  staged() {
    for (const name of readdirSync(app).filter((one) => one.startsWith(".staged"))) {
      turn(`${app}/${name}`, `${app}/taken`);
      attempt(() => symlinkSync(name.length % 2 ? vault : `${vault}/.env`, `${app}/${name}`));
    }
  },
  /** Each name is another name of a file of root's, again as soon as root has put something there. */
  hardLinks() {
    for (const name of names) {
      if (lstatSync(`${app}/${name}`, { throwIfNoEntry: false })?.nlink !== 1 && existsSync(`${app}/${name}`)) continue;
      const [given] = readdirSync(`${home}/given`).filter((one) => one.startsWith(`${name}-`));
      if (given) turn(`${home}/given/${given}`, `${app}/${name}`);
    }
  },
};

function turn(from, to) {
  attempt(() => renameSync(from, to));
}

/** Of the two sides one loses each time. */
function attempt(act) {
  try {
    act();
  } catch {}
}

console.log("ready");
const round = rounds[how] ?? (() => {});
for (;;) attempt(round);
