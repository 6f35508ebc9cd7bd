import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { golden, openBrowser, SCREENSHOTS, until } from "./browser.mjs";
import { largeReport } from "./large_report.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

/** Opens a report, runs the steps, and demands that the page did nothing it must not do. */
async function withPage(report, options, steps) {
  const opened = await browser.open(report, options);
  try {
    await steps(opened.page, opened);
    assert.deepEqual(opened.problems, []);
  } finally {
    await opened.close();
  }
}

/** The page draws between events: waits until the element's text is as wanted. */
async function shows(page, selector, pattern) {
  await page.locator(selector).first().filter({ hasText: pattern }).waitFor({ timeout: 10_000 });
}

const DETAIL = ".flame-detail";
const FOUND = ".flame-found";

/** A frame of the flame graph by the name it shows. */
const frame = (page, name) => page.locator(`.flame-chart g.frame[name="${name}"]`).first();

/** Brings the flame graph on the screen and waits until it is as wide as its place. */
async function drawFlame(page) {
  await page.locator("#profiles").scrollIntoViewIfNeeded();
  await page.waitForSelector(".flame-chart g.frame");
  await until(async () => {
    const chart = page.locator(".flame-chart");
    const place = await chart.evaluate((element) => element.clientWidth);
    const widths = await chart
      .locator("g.frame rect")
      .evaluateAll((all) => all.map((each) => Number(each.getAttribute("width"))));
    assert.equal(widths[0], place);
    assert.ok(widths.every((width) => width > 0));
  });
}

async function shoot(page, name, fullPage = true) {
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage });
}

/** Scrolls through the page once, so that everything lazy is drawn. */
async function drawAll(page) {
  for (const id of ["profiles", "heap", "goroutines", "memory", "collection", "findings"]) {
    const section = page.locator(`#${id}`);
    if (await section.count()) await section.evaluate((element) => element.scrollIntoView());
    await page.waitForTimeout(150);
  }
  await page.evaluate(() => window.scrollTo(0, 0));
}

test("findings come first, worst first, with place, source, figures and advice", async () => {
  await withPage(golden("sample"), {}, async (page) => {
    assert.equal(await page.locator("h1").textContent(), "2 critical, 1 warning, 1 info");
    assert.deepEqual(
      await page.locator("main > section").evaluateAll((all) => all.map((each) => each.id).slice(0, 2)),
      ["findings", "unjudged"],
    );
    assert.deepEqual(await page.locator("article .severity").allTextContents(), [
      "CRITICAL",
      "CRITICAL",
      "WARNING",
      "INFO",
    ]);
    const first = page.locator("article").first();
    const text = await first.innerText();
    for (const part of [
      "main.(*PriceCache).Put writes to its sync.Map far more than it reads",
      "/src/orders/cache/price.go:57",
      "c.prices.Store(sku, &Price{Value: v, At: now})",
      "52.2%",
      "10%",
      "41.8 s",
      "Replace the sync.Map by a map with a sync.RWMutex",
      "docs/rules/GO-SYNCMAP-WRITE-HEAVY.md",
      "6f1c0b7a52d94e10",
    ]) {
      assert.ok(text.includes(part), `${part} is missing in:\n${text}`);
    }
    assert.deepEqual(await first.locator(".basis").allTextContents(), [
      "sampled",
      "inferred",
      "sampled",
      "measured",
    ]);
  });
});

test("what could not be judged is listed with the reason", async () => {
  await withPage(golden("sample"), {}, async (page) => {
    const text = await page.locator("#unjudged").innerText();
    assert.match(text, /GO-MAP-LOCK-CONVOY\s+The block profile is missing/);
    assert.match(text, /GO-MAP-VALUE-ESCAPE\s+Two heap profiles/);
    assert.match(text, /1 rule not applicable here/);
  });
});

test("a finding folds and unfolds, and leads to its function in the flame graph", async () => {
  await withPage(golden("sample"), {}, async (page) => {
    const info = page.locator("article").nth(3);
    const fold = info.locator("button.fold");
    assert.equal(await fold.getAttribute("aria-expanded"), "false");
    await fold.click();
    await until(async () => assert.match(await info.innerText(), /Goes away with the sync\.Map/));
    await page.locator("article").first().getByText("Show in the flame graph").click();
    await page.waitForSelector(".flame-chart g.frame");
    await until(async () =>
      assert.equal(await page.getByLabel("Find a function").inputValue(), "main.(*PriceCache).Put"),
    );
    await shows(page, FOUND, /^1 frame, 5\d/);
  });
});

test("flame graph: zoom, reset and search by mouse", async () => {
  await withPage(golden("sample"), {}, async (page) => {
    await drawFlame(page);
    const submit = frame(page, "main.(*API).Submit").locator("rect");
    const width = async () => Number(await submit.getAttribute("width"));
    const narrow = await width();
    assert.ok(await frame(page, "main.(*API).Quote").count());
    await submit.click();
    await until(async () => assert.ok((await width()) > 3 * narrow));
    await until(async () =>
      assert.equal(await frame(page, "main.(*API).Quote").count(), 0, "siblings give way"),
    );
    await shows(page, DETAIL, /main\.\(\*API\)\.Submit/);
    await page.getByRole("button", { name: "Reset zoom" }).click();
    await until(async () => assert.equal(await width(), narrow));
    await page.getByLabel("Find a function").fill("DIRTYLOCKED");
    await shows(page, FOUND, /^1 frame, 4\d/);
    await until(async () =>
      assert.equal(
        await frame(page, "sync.(*Map).dirtyLocked").locator("rect").getAttribute("fill"),
        "var(--flame-match)",
      ),
    );
  });
});

test("flame graph: everything by keyboard", async () => {
  await withPage(golden("sample"), {}, async (page) => {
    await page.keyboard.press("/");
    await page.waitForFunction(() => document.activeElement?.getAttribute("type") === "search");
    await page.keyboard.type("evacuate");
    await shows(page, FOUND, /^2 frames/);
    await page.keyboard.press("Escape");
    await page.locator(".flame-chart").focus();
    await page.keyboard.press("ArrowDown");
    await shows(page, DETAIL, /^net\/http\.\(\*conn\)\.serve/);
    await page.keyboard.press("ArrowRight");
    await shows(page, DETAIL, /^runtime\.gcBgMarkWorker/);
    await until(async () => assert.equal(await page.locator(".flame-chart g.cursor").count(), 1));
    const width = async () =>
      Number(await frame(page, "runtime.gcBgMarkWorker").locator("rect").getAttribute("width"));
    const before = await width();
    await page.keyboard.press("Enter");
    await until(async () => assert.ok((await width()) > 3 * before));
    await page.keyboard.press("Escape");
    await until(async () => assert.equal(await width(), before));
    await shows(page, DETAIL, /^runtime\.gcBgMarkWorker/); // the cursor stays
    await page.keyboard.press("ArrowLeft");
    await shows(page, DETAIL, /^net\/http\.\(\*conn\)\.serve/);
    await page.keyboard.press("ArrowUp");
    await shows(page, DETAIL, /^all/);
  });
});

test("flame graph: every profile and sample type, both colourings, difference of two", async () => {
  const report = golden("sample");
  await withPage(report, {}, async (page) => {
    await drawFlame(page);
    for (const [index, profile] of report.targets[0].profiles.entries()) {
      await page.getByLabel("Profile").first().selectOption(String(index));
      for (const type of profile.sample_types.keys()) {
        await page.getByLabel("Sample type").selectOption(String(type));
        await until(async () => assert.ok((await page.locator(".flame-chart g.frame").count()) > 2));
      }
    }
    await page.getByLabel("Colour by").selectOption("package");
    await until(async () =>
      assert.equal(
        await frame(page, "main.(*API).Quote").locator("rect").getAttribute("fill"),
        "var(--flame-main)",
      ),
    );
    await page.getByLabel("Compare with").selectOption("0");
    await until(async () => assert.match(await page.locator(".legend").first().innerText(), /grew\s+shrank/));
    await frame(page, "main.(*OrderIndex).Add").locator("rect").hover();
    await shows(page, DETAIL, /512 MiB \(.*before 256 MiB, change \+256 MiB/);
  });
});

test("tables sort and filter", async () => {
  await withPage(golden("sample"), {}, async (page) => {
    await drawFlame(page);
    const table = page.getByRole("table", { name: "Top functions" });
    const first = () => table.locator("tbody tr .name").first().textContent();
    assert.equal(await first(), "sync.(*Map).dirtyLocked");
    await table.getByRole("button", { name: "Cumulative" }).click();
    assert.equal(
      await table.getByRole("columnheader", { name: "Cumulative" }).getAttribute("aria-sort"),
      "descending",
    );
    await until(async () => assert.match(await first(), /^net\/http\./));
    await page.getByLabel("Filter Top functions").fill("pgx");
    await until(async () => assert.equal(await table.locator("tbody tr").count(), 2));
    await page.locator("#heap").evaluate((element) => element.scrollIntoView());
    const heap = page.getByRole("table", { name: "Heap by allocating function" });
    assert.equal(await heap.locator("tbody tr .name").first().textContent(), "runtime.makeBucketArray");
    assert.match(await heap.locator("tbody tr").first().innerText(), /634 MiB/);
  });
});

test("goroutine groups, memory, rates, collectors and artefacts are there", async () => {
  await withPage(golden("sample"), {}, async (page) => {
    await drawAll(page);
    const group = page.locator("details.group").first();
    assert.match(
      await group.innerText(),
      /1,310\s+main\.\(\*Notifier\)\.push\s*chan send\s*up to 9 min\s*\+820/,
    );
    await group.locator("summary").click();
    assert.match(await group.innerText(), /Created by main\.\(\*API\)\.Submit \/src\/orders\/api\.go:148/);
    assert.match(await page.locator("#memory").innerText(), /Mallocs since the start.*\/s\)/);
    assert.equal(await page.locator("#memory polyline").count(), 3);
    const collection = await page.locator("#collection").innerText();
    assert.match(collection, /mutex on 100 \(one of N contention events\)/);
    assert.match(collection, /heap\.delta\s+timeout\s*no answer within 30 s/);
    assert.match(collection, /trace\.out/);
  });
});

test("several targets: findings name theirs, graphs and tables follow the choice", async () => {
  const report = golden("sample");
  const other = { ...golden("clean").targets[0], name: "http://billing:6060" };
  report.targets.push(other);
  report.findings[2].target = other.name;
  report.findings[2].location.function = other.profiles[1].functions[0].function;
  await withPage(report, {}, async (page) => {
    assert.match(await page.locator("article").nth(2).innerText(), /Target http:\/\/billing:6060/);
    await drawFlame(page);
    assert.ok(await page.locator("#goroutines").count());
    await page.getByLabel("Graphs and tables of").selectOption("1");
    await until(async () =>
      assert.equal(await page.locator("#goroutines").count(), 0, "the other one has no dump"),
    );
    await page.getByLabel("Graphs and tables of").selectOption("0");
    await page.locator("article").nth(2).getByText("Show in the flame graph").click();
    await until(async () => assert.equal(await page.getByLabel("Graphs and tables of").inputValue(), "1"));
  });
});

test("a clean report says so, and what a mutex rate of 0 means", async () => {
  await withPage(golden("clean"), {}, async (page) => {
    assert.equal(await page.locator("h1").textContent(), "Nothing found");
    assert.match(await page.locator("#findings").innerText(), /13 rules looked and found nothing/);
    assert.match(
      await page.locator("#collection").innerText(),
      /mutex off[\s\S]*no proof that nobody waits[\s\S]*SetMutexProfileFraction/,
    );
    await shoot(page, "clean");
  });
});

test("names that try to be markup stay text", async () => {
  await withPage(golden("hostile"), {}, async (page) => {
    await drawAll(page);
    await page.locator(".flame-chart g.frame rect").nth(1).hover();
    assert.equal(await page.evaluate(() => window.broken), undefined);
    assert.equal(await page.locator("img").count(), 0);
    assert.ok(
      (await page.locator("article").innerText()).includes("</script><script>window.broken = true</script>"),
    );
    const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    assert.ok(fits, "a name of 5,000 letters must not widen the page");
  });
});

test("the policy stops a script that got in all the same", async () => {
  const opened = await browser.open(golden("clean"));
  await opened.page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.broken = true";
    document.body.append(script);
  });
  assert.equal(await opened.page.evaluate(() => window.broken), undefined);
  assert.ok(opened.problems.some((problem) => problem.includes("Content Security Policy")));
  await opened.close();
});

test("keys: skip link, help, findings, theme", async () => {
  await withPage(golden("sample"), {}, async (page) => {
    await page.keyboard.press("Tab");
    assert.equal(
      await page.evaluate(() => document.activeElement?.textContent?.trim()),
      "Skip to the findings",
    );
    await page.keyboard.press("?");
    assert.ok(await page.getByRole("dialog", { name: "Keys" }).isVisible());
    await page.keyboard.press("Escape");
    assert.ok(!(await page.locator("dialog").isVisible()));
    await page.keyboard.press("n");
    await page.keyboard.press("n");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "finding-2");
    await page.keyboard.press("p");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "finding-1");
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.keyboard.press("t");
    assert.notEqual(await background(), light);
  });
});

test("every control has a name", async () => {
  await withPage(golden("sample"), {}, async (page) => {
    await drawAll(page);
    const nameless = await page
      .locator("button, input, select, a[href], [role=application], table")
      .evaluateAll((all) =>
        all
          .filter((each) => {
            const label =
              each.getAttribute("aria-label") ?? each.labels?.[0]?.textContent ?? each.textContent;
            return !label?.trim();
          })
          .map((each) => each.outerHTML.slice(0, 120)),
      );
    assert.deepEqual(nameless, []);
  });
});

for (const [name, options] of Object.entries({
  light: {},
  dark: { colorScheme: "dark" },
  phone: { width: 390, height: 844 },
  "phone-dark": { width: 390, height: 844, colorScheme: "dark" },
})) {
  test(`screenshot ${name}: nothing scrolls sideways`, async () => {
    await withPage(golden("sample"), options, async (page) => {
      await drawAll(page);
      const overflow = await page.evaluate(() => ({
        page: document.documentElement.scrollWidth - window.innerWidth,
        wide: [...document.querySelectorAll("main *")]
          .filter(
            (each) => !each.closest("svg") && each.getBoundingClientRect().right > window.innerWidth + 1,
          )
          .map((each) => `${each.tagName}.${each.className}`)
          .slice(0, 5),
      }));
      assert.deepEqual(overflow, { page: 0, wide: [] });
      await shoot(page, name);
      await shoot(page, `${name}-top`, false);
      for (const id of ["profiles", "heap", "goroutines", "memory", "collection"]) {
        await page.locator(`#${id}`).evaluate((element) => element.scrollIntoView());
        await shoot(page, `${name}-${id}`, false);
      }
    });
  });
}

test("a report with 24 full flame trees opens", async (context) => {
  const report = largeReport();
  await withPage(report, {}, async (page, opened) => {
    const size = (JSON.stringify(report).length / 1e6).toFixed(1);
    const started = performance.now();
    await drawFlame(page);
    const flame = (performance.now() - started).toFixed(0);
    context.diagnostic(
      `${size} MB of JSON: open in ${opened.milliseconds.toFixed(0)} ms, flame graph after ${flame} ms more`,
    );
    assert.ok((await page.locator(".flame-chart g.frame").count()) > 100);
    await shoot(page, "large-flame", false);
  });
});
