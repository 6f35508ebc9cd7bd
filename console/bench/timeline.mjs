// How the timeline moves in a real Chromium: node bench/timeline.mjs PAGE.html [WIDTH] [HEIGHT]
//
// PAGE.html comes from build/release/bin/gen_timeline. Every group is unfolded, then the trace is zoomed into,
// moved along, scrolled down and zoomed out of, one step a frame, at several depths. Told are the time between
// frames (60 a second are 16.7 ms) and the time that the page's own code takes of it.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const [file, width = "1280", height = "900"] = process.argv.slice(2);
if (!file) throw new Error("usage: node bench/timeline.mjs PAGE.html [WIDTH] [HEIGHT]");
const browser = await chromium.launch({
  executablePath: process.env.EDP_CHROMIUM ?? PLACES.find((path) => existsSync(path)),
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
});
const page = await browser.newPage({ viewport: { width: Number(width), height: Number(height) } });
await page.addInitScript(() => {
  const plain = window.requestAnimationFrame.bind(window);
  window.plainFrame = plain;
  window.own = 0;
  window.requestAnimationFrame = (callback) =>
    plain((time) => {
      const began = performance.now();
      callback(time);
      window.own += performance.now() - began;
    });
});
const began = performance.now();
await page.goto(pathToFileURL(resolve(file)).href);
await page.waitForSelector("html[data-ready]");
await page.locator("#timeline").evaluate((element) => element.scrollIntoView());
await page.waitForSelector(".timeline-scroller");
await page.evaluate(() => new Promise((done) => window.plainFrame(() => window.plainFrame(done))));
console.log(`first picture after ${(performance.now() - began).toFixed(0)} ms`);

// A search unfolds what it finds.
await page.getByLabel("Find a goroutine").fill("main");
await page.waitForTimeout(500);

const results = await page.evaluate(async () => {
  const scroller = document.querySelector(".timeline-scroller");
  const canvas = scroller.querySelector("canvas");
  const box = canvas.getBoundingClientRect();
  const wheel = (more) =>
    canvas.dispatchEvent(
      new WheelEvent("wheel", {
        bubbles: true,
        cancelable: true,
        clientX: box.left + box.width / 2,
        ...more,
      }),
    );
  const frame = () => new Promise((done) => window.plainFrame(done));
  const measure = async (name, frames, step) => {
    const intervals = [];
    const own = [];
    let last = await frame();
    for (let i = 0; i < frames; ++i) {
      step(i);
      const now = await frame();
      intervals.push(now - last);
      own.push(window.own); // what a scroll causes is drawn behind this, and counts for the next
      window.own = 0;
      last = now;
    }
    const of = (values, share) => values.sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];
    return {
      name,
      frames,
      mean: intervals.reduce((a, b) => a + b) / frames,
      interval: [0.5, 0.95, 1].map((q) => of(intervals, q)),
      own: [0.5, 0.95, 1].map((q) => of(own, q)),
    };
  };
  const results = [];
  const pan = (i) => wheel({ deltaX: i % 60 < 30 ? 40 : -40 });
  results.push(await measure("pan, whole trace", 60, pan));
  for (const depth of ["8x", "64x", "512x", "4096x"]) {
    results.push(await measure(`zoom in to ${depth}`, 30, () => wheel({ deltaY: -19.85, ctrlKey: true })));
    results.push(await measure(`pan at ${depth}`, 90, pan));
    results.push(
      await measure(`scroll at ${depth}`, 60, (i) => {
        scroller.scrollTop += i < 30 ? 57 : -57;
      }),
    );
  }
  results.push(await measure("zoom out", 120, () => wheel({ deltaY: 19.85, ctrlKey: true })));
  return results;
});
const ms = (values) => values.map((value) => value.toFixed(1).padStart(6)).join(" ");
console.log(`${"".padEnd(20)} frames  mean   between frames, ms    own code, ms`);
console.log(`${"".padEnd(20)}           ms  median   95%   max  median   95%   max`);
for (const { name, frames, mean, interval, own } of results) {
  console.log(
    `${name.padEnd(20)} ${String(frames).padStart(6)} ${mean.toFixed(1).padStart(5)}  ${ms(interval)}  ${ms(own)}`,
  );
}
await browser.close();
