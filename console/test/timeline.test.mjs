import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { golden, openBrowser, SCREENSHOTS, until } from "./browser.mjs";

// runner/report/timeline/page_test.cc keeps them: one whole, and one of which a page could not hold all.
const [whole, limited] = golden("timelines");

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

/** The sample report; its first finding rests on a wait of 18 ms, of goroutine 18, in the middle of the trace. */
function report() {
  const made = golden("sample");
  made.findings[0].evidence.push({
    name: "longest wait for the map's lock",
    value: 17_500_000,
    unit: "nanoseconds",
    threshold: 10_000_000,
    basis: "measured",
    artefact: "trace.out",
    note: "",
    interval: { begin_ns: 4_500_000, end_ns: 20_000_000, goroutine: 18 },
  });
  return made;
}

async function withTimeline(options, steps) {
  const opened = await browser.open(report(), { timelines: [whole], ...options });
  try {
    const { page } = opened;
    await page.locator("#timeline").evaluate((element) => element.scrollIntoView());
    if (!options.broken) await drawn(page);
    await steps(page);
    assert.deepEqual(opened.problems, []);
  } finally {
    await opened.close();
  }
}

/** How many pixels of the canvas have each colour, the most frequent first. */
function colours(page) {
  return page.locator(".timeline-scroller canvas").evaluate((canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const found = new Map();
    for (const pixel of new Uint32Array(data.buffer)) found.set(pixel, (found.get(pixel) ?? 0) + 1);
    return Object.fromEntries(
      [...found].map(([pixel, count]) => [
        `#${[0, 8, 16].map((shift) => ((pixel >> shift) & 255).toString(16).padStart(2, "0")).join("")}`,
        count,
      ]),
    );
  });
}

/** The same, once the canvas has come to rest. */
async function settled(page) {
  return until(async () => {
    const first = await colours(page);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60))));
    const second = await colours(page);
    assert.deepEqual(first, second);
    return second;
  });
}

/** The page's colour for a class of states. */
const colourOf = (page, name) =>
  page.evaluate(
    (variable) => getComputedStyle(document.documentElement).getPropertyValue(variable).trim(),
    `--tl-${name}`,
  );

async function drawn(page) {
  await page.waitForSelector(".timeline-scroller canvas");
  const lock = await colourOf(page, "lock");
  await until(async () => assert.ok((await colours(page))[lock] > 1000, "no lane is drawn"));
}

const detail = (page) => page.locator(".timeline-detail").innerText();
const focus = (page) => page.locator(".timeline-scroller").focus();
const inspector = (page) => page.locator(".inspector");

test("timeline: what the trace holds, and every part of it drawn", async () => {
  await withTimeline({}, async (page) => {
    assert.match(
      await page.locator("#timeline .note").first().innerText(),
      /^trace\.out: [\d.]+ ms, 9 goroutines, [\d,]+ states, Go 1\.26 format\./,
    );
    assert.equal(await page.locator("#timeline .left-out").count(), 0);
    const found = await colours(page);
    for (const name of ["running", "lock", "gc-mark", "region", "task"]) {
      assert.ok(found[await colourOf(page, name)] > 0, `nothing is drawn in the colour of ${name}`);
    }
    assert.ok(await page.getByRole("link", { name: "Timeline" }).count());
  });
});

test("timeline: a finding leads to its interval, its goroutine, and who held it up", async () => {
  await withTimeline({}, async (page) => {
    await page.locator("article").first().getByText("Show in the timeline").click();
    await until(async () => assert.match(await detail(page), /^goroutine 18 main.*sync, price\.go:57/));
    const text = await inspector(page).innerText();
    assert.match(text, /How it ended\s+let go by goroutine (?!17)\d+/);
    assert.match(text, /Held up by a chain of \d+, whose first is goroutine 17/);
    assert.match(text, /main\.\(\*PriceCache\)\.Put\s+\/src\/orders\/cache\/price\.go:57/);
    assert.match(text, /stood[\s\S]*main\.\(\*PriceCache\)\.Put\s+\/src\/orders\/cache\/price\.go:61/);
    assert.match(text, /Finding 1 rests on this/);
    assert.ok((await colours(page))[await colourOf(page, "critical")] !== 0);
    // The one that held it, and what its samples say it did.
    await inspector(page).locator(".chain button").first().click();
    await until(async () => assert.match(await detail(page), /^goroutine 17 .*running/));
    assert.match(await inspector(page).innerText(), /18 CPU samples[\s\S]*runtime\.growWork_faststr/);
    assert.match(await inspector(page).innerText(), /let go or started\s+goroutine \d+/);
  });
});

test("timeline: a frame of a stack leads to the flame graph, a mark to its finding", async () => {
  await withTimeline({}, async (page) => {
    await page.locator("article").first().getByText("Show in the timeline").click();
    await inspector(page).getByText("Finding 1 rests on this").click();
    await until(async () => assert.equal(await page.evaluate(() => document.activeElement?.id), "finding-1"));
    await inspector(page).getByRole("button", { name: "main.(*PriceCache).Put" }).first().click();
    await until(async () =>
      assert.equal(await page.getByLabel("Find a function").inputValue(), "main.(*PriceCache).Put"),
    );
  });
});

test("timeline: everything by keyboard", async () => {
  await withTimeline({}, async (page) => {
    await focus(page);
    await page.keyboard.press("ArrowRight");
    await until(async () => assert.match(await detail(page), /^goroutine \d+/));
    const first = await detail(page);
    await page.keyboard.press("ArrowRight");
    await until(async () => assert.notEqual(await detail(page), first));
    await page.keyboard.press("ArrowLeft");
    await until(async () => assert.equal(await detail(page), first));
    await page.keyboard.press("ArrowDown");
    const lane = (text) => /^goroutine \d+/.exec(text)?.[0];
    await until(async () => assert.notEqual(lane(await detail(page)), lane(first)));
    const before = await settled(page);
    await page.keyboard.press("Enter");
    await until(async () => assert.notDeepEqual(await colours(page), before));
    await page.keyboard.press("0");
    await until(async () => assert.deepEqual(await colours(page), before));
    for (const key of ["+", "d"]) {
      const now = await settled(page);
      await page.keyboard.press(key);
      await until(async () => assert.notDeepEqual(await colours(page), now));
    }
    // From the first state, which main.main began, to main.main.
    for (let i = 0; i < 400 && !/at 0 s|let go|runnable/.test(await detail(page)); ++i) {
      await page.keyboard.press("ArrowLeft");
    }
    await page.keyboard.press("u");
    await until(async () => assert.match(await detail(page), /^goroutine 1 |^goroutine \d+ .*running/));
    await page.keyboard.press("Escape");
    await until(async () => assert.equal(await inspector(page).count(), 0));
  });
});

test("timeline: mouse: a press chooses, a drag moves, Ctrl and wheel zoom", async () => {
  await withTimeline({}, async (page) => {
    const box = await page.locator(".timeline-scroller").boundingBox();
    const middle = box.x + box.width / 2;
    const y = box.y + 420;
    await page.mouse.move(middle, y);
    await until(async () => assert.match(await detail(page), /^goroutine \d+/));
    await page.mouse.click(middle, y);
    await until(async () => assert.match(await inspector(page).innerText(), /^goroutine \d+ main/));
    const before = await settled(page);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -400);
    await page.keyboard.up("Control");
    await until(async () => assert.notDeepEqual(await colours(page), before));
    const zoomed = await settled(page);
    await page.mouse.down();
    await page.mouse.move(middle + 300, y, { steps: 4 });
    await page.mouse.up();
    await until(async () => assert.notDeepEqual(await colours(page), zoomed));
    await page.getByRole("button", { name: "Whole trace" }).click();
    await until(async () => assert.deepEqual(await colours(page), before));
  });
});

test("timeline: touch: two fingers zoom, one moves, a tap chooses", async () => {
  await withTimeline({ width: 390, height: 844, hasTouch: true }, async (page) => {
    const box = await page.locator(".timeline-scroller").boundingBox();
    const y = box.y + 330;
    const fingers = await page.context().newCDPSession(page);
    const touch = (type, ...places) =>
      fingers.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: places.map((x, id) => ({ x: box.x + x, y, id })),
      });
    const before = await settled(page);
    await touch("touchStart", 180, 220);
    for (let by = 10; by <= 70; by += 10) await touch("touchMove", 180 - by, 220 + by);
    await touch("touchEnd");
    await until(async () => assert.notDeepEqual(await settled(page), before));
    const zoomed = await settled(page);
    await touch("touchStart", 150);
    for (let by = 10; by <= 100; by += 10) await touch("touchMove", 150 + by);
    await touch("touchEnd");
    await until(async () => assert.notDeepEqual(await settled(page), zoomed));
    assert.equal(await inspector(page).count(), 0);
    await page.touchscreen.tap(box.x + 200, y);
    await until(async () => assert.match(await inspector(page).innerText(), /^goroutine \d+/));
  });
});

test("timeline: groups fold, a search finds by number, function and frame", async () => {
  await withTimeline({}, async (page) => {
    const height = () => page.locator(".timeline-space").evaluate((element) => element.clientHeight);
    const search = page.getByLabel("Find a goroutine");
    const all = await height();
    await search.fill("20");
    await until(async () => assert.ok((await height()) < all));
    await focus(page);
    await page.keyboard.press("ArrowRight");
    await until(async () => assert.match(await detail(page), /^goroutine 20 /));
    await search.fill("PRICE.GO");
    await until(async () => assert.ok((await height()) > 8 * 20));
    await search.fill("nowhere to be found");
    const none = await height();
    await search.fill("main.main");
    await until(async () => assert.ok((await height()) > none));
    await search.fill("");
    await until(async () => assert.equal(await height(), all));
  });
});

test("timeline: says what a page could not hold of a large trace", async () => {
  await withTimeline({ timelines: [whole, limited] }, async (page) => {
    await page.locator("#timeline select").selectOption("1");
    await until(async () =>
      assert.match(
        await page.locator("#timeline .left-out").innerText(),
        /Of 9 goroutines the 6 that waited longest[\s\S]*Of [\d,]+ states those of [\d.]+ µs and more[\s\S]*ranges[\s\S]*CPU samples/,
      ),
    );
    await drawn(page);
    await page.screenshot({ path: join(SCREENSHOTS, "timeline-limited.png") });
    const waits = page.getByRole("table", { name: "Longest waits" });
    await waits.locator("tbody button").first().click();
    await until(async () => assert.match(await detail(page), /^goroutine \d+ .*sync, price\.go:57, 1\d/));
  });
});

test("timeline: problems of the trace are told; bytes that are none break nothing else", async () => {
  const problems = ["generation 3, offset 1024: a batch of unknown kind"];
  await withTimeline({ timelines: [{ ...whole, problems, data: "AAAA" }], broken: true }, async (page) => {
    const text = page.locator("#timeline");
    await until(async () => assert.match(await text.innerText(), /offset 1024: a batch/));
    await until(async () => assert.match(await text.innerText(), /could not be drawn/));
    assert.ok(await page.locator("article").count());
  });
});

test("timeline: the colours change with the theme", async () => {
  await withTimeline({}, async (page) => {
    const light = await settled(page);
    await page.keyboard.press("t");
    const lock = await colourOf(page, "lock");
    assert.equal(light[lock], undefined);
    await until(async () => assert.ok((await colours(page))[lock] > 1000));
  });
});

for (const [name, options] of Object.entries({
  light: {},
  dark: { colorScheme: "dark" },
  phone: { width: 390, height: 844 },
  "phone-dark": { width: 390, height: 844, colorScheme: "dark" },
})) {
  test(`timeline: screenshot ${name}: nothing scrolls sideways`, async () => {
    await withTimeline(options, async (page) => {
      await page.locator("article").first().getByText("Show in the timeline").click();
      await inspector(page).waitFor();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.equal(overflow, 0);
      await page.locator("#timeline").evaluate((element) => element.scrollIntoView());
      await page.screenshot({ path: join(SCREENSHOTS, `timeline-${name}.png`) });
      await page.locator("#timeline").screenshot({ path: join(SCREENSHOTS, `timeline-${name}-whole.png`) });
    });
  });
}
