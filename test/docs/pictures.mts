// npm run pictures -- --url URL [--out DIR] [--from now-1h]: a picture of each dashboard, from a Grafana that has them.
// docs/dashboards.md says what it needs.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BrowserContext, chromium } from "playwright-core";
import type { Dashboard } from "../../roles/dashboard.ts";
import { services } from "../../roles/services.ts";

interface Options {
  readonly url: string;
  readonly out: string;
  readonly from: string;
}

/** A picture's width, and how high Grafana draws one row of its grid. */
const WIDTH = 1600;
const ROW = 38;
const PATIENCE_MS = 60_000;

const dashboards = services.flatMap((service) => service.dashboards);

try {
  const options = optionsOf(process.argv.slice(2));
  const login = loginOf(process.env);
  await checkGrafana(options.url, login);
  await takePictures(options, login);
} catch (error) {
  console.error(`pictures: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

function optionsOf(args: readonly string[]): Options {
  const options = { url: { type: "string" }, out: { type: "string" }, from: { type: "string" } } as const;
  const { url, out = "pictures", from = "now-1h" } = parseArgs({ args: [...args], options }).values;
  if (url === undefined) throw new Error("--url is missing: where is Grafana?");
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Error(`--url ${url}: expected http://HOST or https://HOST`);
  return { url: url.replace(/\/+$/, ""), out, from };
}

function loginOf({ GRAFANA_USER: user = "admin", GRAFANA_PASSWORD: password }: NodeJS.ProcessEnv) {
  if (!password) throw new Error("GRAFANA_PASSWORD is not set: Grafana's password, in the environment only");
  return { user, password };
}

type Login = ReturnType<typeof loginOf>;

/** Throws unless this is a Grafana, lets us in, and has all dashboards. */
async function checkGrafana(url: string, login: Login): Promise<void> {
  const health = await ask(`${url}/api/health`);
  const { commit, database } = (await health.json().catch(() => ({}))) as { commit?: string; database?: string };
  if (health.headers.has("X-Stand-In") || commit === "stand-in")
    throw new Error(`${url} is a stand-in, which draws nothing: pictures need a real Grafana`);
  if (database === undefined) throw new Error(`${url} is no Grafana: /api/health answers ${health.status}`);
  for (const { uid, title } of dashboards) {
    const found = await ask(`${url}/api/dashboards/uid/${uid}`, login);
    if (found.status === 401) throw new Error(`${url} refuses ${login.user} with this password`);
    if (!found.ok) throw new Error(`${url} has no dashboard "${title}" (${uid}): HTTP ${found.status}`);
  }
}

async function ask(url: string, login?: Login): Promise<Response> {
  const basic = login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
  const headers = new Headers(basic === undefined ? [] : [["Authorization", basic]]);
  return await fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE_MS) }).catch((cause: unknown) => {
    const { code, message } = ((cause as Error).cause ?? cause) as Error & { code?: string };
    throw new Error(`${url} does not answer: ${code ?? message}`, { cause });
  });
}

async function takePictures(options: Options, login: Login): Promise<void> {
  const browser = await chromium.launch({
    executablePath: chromiumPath(process.env),
    // Chromium's own sandbox does not work for root.
    chromiumSandbox: process.getuid?.() !== 0,
  });
  try {
    const context = await browser.newContext({ viewport: { width: WIDTH, height: 900 } });
    const entered = await context.request.post(`${options.url}/login`, {
      data: { user: login.user, password: login.password },
    });
    if (!entered.ok()) throw new Error(`${options.url}/login answers ${entered.status()}`);
    mkdirSync(options.out, { recursive: true });
    for (const dashboard of dashboards) console.log(await takePicture(context, dashboard, options));
  } finally {
    await browser.close();
  }
}

function chromiumPath({ CHROMIUM }: NodeJS.ProcessEnv): string {
  const names = CHROMIUM ? [CHROMIUM] : ["chromium", "chromium-browser", "google-chrome"];
  const { stdout } = spawnSync("which", names, { encoding: "utf8" });
  const [found] = stdout.trim().split("\n");
  if (!found) throw new Error(`found no ${names.join(", ")}: apt install chromium, or CHROMIUM=/path`);
  return found;
}

/** Takes one picture when each panel is drawn; returns a line that tells of it. */
async function takePicture(
  context: BrowserContext,
  dashboard: Dashboard,
  { url, out, from }: Options,
): Promise<string> {
  const { uid = "", panels = [] } = dashboard;
  const page = await context.newPage();
  // Grafana draws only what is in sight: all of it is.
  const rows = Math.max(...panels.map(({ gridPos }) => (gridPos ? gridPos.y + gridPos.h : 0)));
  await page.setViewportSize({ width: WIDTH, height: (rows + 4) * ROW });
  await page.goto(`${url}/d/${uid}?kiosk&from=${from}&to=now`, { timeout: PATIENCE_MS });
  for (const { title = "" } of panels)
    await page.getByText(title, { exact: true }).first().waitFor({ timeout: PATIENCE_MS });
  await page.waitForLoadState("networkidle", { timeout: PATIENCE_MS });
  const path = join(out, `${uid.replace("hostwright-", "")}.png`);
  await page.screenshot({ path });
  const empty = await page.getByText(/^No data$/).count();
  await page.close();
  return `${path}: ${panels.filter(({ type }) => type !== "row").length} panels, ${empty} say "No data"`;
}
