// A real Chromium, pages made from the built template, and what they did that they must not.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { DEFAULT_OUTPUT, PLACEHOLDERS } from "../build.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const SCREENSHOTS = join(root, "build", "screenshots");
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A report that the C++ tests keep as a golden file. */
export function golden(name) {
  return JSON.parse(readFileSync(join(root, "runner", "report", "testdata", `${name}.json`), "utf8"));
}

/** What runner/report/html.cc does. */
function embed(template, report, timelines) {
  const json = (data) => JSON.stringify(data).replaceAll("<", "\\u003c");
  const values = ["the verdict as text", json(report), json(timelines)];
  return PLACEHOLDERS.reduce((page, name, index) => page.replace(name, () => values[index]), template);
}

/** Waits until the check holds; a check that never does fails with its own message. */
export async function until(check) {
  for (const end = performance.now() + 10_000; ; ) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
}

export async function openBrowser() {
  const executablePath = process.env.EDP_CHROMIUM ?? PLACES.find((path) => existsSync(path));
  if (!executablePath) throw new Error("no Chromium found: apt-get install chromium");
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
  const folder = mkdtempSync(join(tmpdir(), "edp-console-"));
  const template = readFileSync(DEFAULT_OUTPUT, "utf8");
  mkdirSync(SCREENSHOTS, { recursive: true });
  let pages = 0;
  return {
    /** Opens a report; `problems` collects console errors, page errors and requests for anything but the file. */
    async open(
      report,
      { width = 1280, height = 900, colorScheme = "light", timelines = [], hasTouch = false } = {},
    ) {
      const file = join(folder, `report-${++pages}.html`);
      writeFileSync(file, embed(template, report, timelines));
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, hasTouch });
      const page = await context.newPage();
      const problems = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(String(error)));
      page.on("dialog", (dialog) => {
        problems.push(`dialog: ${dialog.message()}`);
        dialog.dismiss();
      });
      page.on("request", (request) => {
        if (request.url() !== pathToFileURL(file).href && !request.url().startsWith("data:")) {
          problems.push(`request for ${request.url()}`);
        }
      });
      const started = performance.now();
      await page.goto(pathToFileURL(file).href);
      await page.waitForSelector("html[data-ready]");
      return { page, problems, milliseconds: performance.now() - started, close: () => context.close() };
    },
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
