// Bundles the report page into one HTML file: node build.mjs [OUT.html]
// The runner puts text and data where PLACEHOLDERS stand, in their order (runner/report/html.cc).
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
export const PLACEHOLDERS = ["@EDP_REPORT_TEXT@", "@EDP_REPORT_JSON@", "@EDP_REPORT_TIMELINES@"];
export const DEFAULT_OUTPUT = join(here, "..", "build", "console", "report_page.html");

async function bundle() {
  const result = await build({
    entryPoints: [join(here, "src", "main.tsx")],
    bundle: true,
    minify: true,
    // d3-flame-graph knows its nodes by the name of their class.
    keepNames: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    outdir: "out",
    write: false,
    logLevel: "warning",
  });
  const text = (suffix) => result.outputFiles.find((file) => file.path.endsWith(suffix)).text.trim();
  return { script: text(".js"), style: text(".css") };
}

// A hash in the policy instead of 'unsafe-inline': nothing that came with the data can run.
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

// Text for use inside an inline <script> or <style>, which end at the first "</".
function inline(text, tag) {
  if (new RegExp(`</${tag}`, "i").test(text)) throw new Error(`the bundle contains </${tag}`);
  return text;
}

export async function buildPage() {
  const { script, style } = await bundle();
  const values = {
    "@SCRIPT_HASH@": hash(script),
    "@STYLE_HASH@": hash(style),
    "@STYLE@": inline(style, "style"),
    "@SCRIPT@": inline(script, "script"),
  };
  let page = readFileSync(join(here, "src", "page.html"), "utf8");
  for (const [name, value] of Object.entries(values)) page = page.replace(name, () => value);
  for (const name of PLACEHOLDERS) {
    if (page.split(name).length !== 2) throw new Error(`${name} must stand in the page once`);
  }
  const order = PLACEHOLDERS.map((name) => page.indexOf(name));
  if (order.some((at, index) => at < (order[index - 1] ?? 0))) throw new Error("the places are out of order");
  return page;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const output = process.argv[2] ?? DEFAULT_OUTPUT;
  const page = await buildPage();
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, page);
  console.log(`report page: ${(page.length / 1024).toFixed(1)} KiB`);
}
