// What people do: search with and without script, refine, complete, go back, by keyboard alone.
import assert from "node:assert/strict";

export async function auditJourneys(browser, { address }, check) {
  const on = async (options, run) => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await page.goto(`${address}/`);
    await run(page);
    await context.close();
  };
  const total = (page) => page.locator("#count").textContent();

  await check("without script: search, refine, sort, and remove a filter", () =>
    on({ javaScriptEnabled: false }, async (page) => {
      await page.fill("#q", "klantreis");
      await page.click(".ask button");
      const all = await total(page);
      assert.match(all, /^Er zijn \d+ resultaten voor ‘klantreis’\./);
      await page.check("input[name=kind][value=toolkit]");
      await page.click(".apply");
      assert.match(page.url(), /kind=toolkit/);
      assert.notEqual(await total(page), all);
      await page.selectOption("#sort", "title");
      await page.click(".sort button");
      assert.match(page.url(), /sort=title/);
      await page.click(".active li:first-child a");
      assert.doesNotMatch(page.url(), /kind=/);
      await page.click(".hit h3 a");
      assert.equal(await page.locator("h1").count(), 1);
    }));

  await check("with script: results while typing, announced as one sentence, focus kept", () =>
    on({}, async (page) => {
      await page.focus("#q");
      await page.keyboard.type("klantreis", { delay: 30 });
      await page.waitForFunction(() => document.getElementById("status").textContent.includes("klantreis"));
      assert.match(await page.textContent("#status"), /^Er zijn \d+ resultaten voor ‘klantreis’\.$/);
      assert.match(page.url(), /\?q=klantreis$/);
      assert.equal(await page.evaluate(() => document.activeElement.id), "q");
    }));

  await check("going back returns to before the typing, and a filter is one step", () =>
    on({}, async (page) => {
      await page.fill("#q", "brief");
      await page.waitForURL(/q=brief/);
      await page.waitForSelector("input[name=kind][value=article]");
      await page.keyboard.press("Escape");
      await page.check("input[name=kind][value=article]");
      await page.waitForURL(/kind=article/);
      await page.waitForSelector(".active");
      assert.equal(await page.evaluate(() => document.activeElement.value), "article");
      await page.goBack();
      await page.waitForFunction(() => !document.querySelector(".active"));
      assert.doesNotMatch(page.url(), /kind=/);
      await page.goBack();
      await page.waitForFunction(() => document.getElementById("q").value === "");
    }));

  await check("suggestions: a combobox that the keyboard works", () =>
    on({}, async (page) => {
      const field = page.locator("#q[role=combobox]");
      await field.pressSequentially("klantr", { delay: 20 });
      await page.waitForSelector("[role=option]");
      assert.equal(await field.getAttribute("aria-expanded"), "true");
      await page.keyboard.press("ArrowDown");
      const chosen = page.locator("[role=option][aria-selected=true]");
      assert.equal(await field.getAttribute("aria-activedescendant"), await chosen.getAttribute("id"));
      await page.keyboard.press("Escape");
      assert.equal(await field.getAttribute("aria-expanded"), "false");
      assert.equal(await field.inputValue(), "klantr");
      await page.keyboard.press("ArrowDown");
      await page.waitForSelector("[role=option]");
      await page.keyboard.press("ArrowDown");
      const text = await chosen.textContent();
      await page.keyboard.press("Enter");
      await page.waitForFunction((words) => document.title.includes(words.slice(0, 20)), text);
      assert.equal(await field.inputValue(), text);
    }));

  await check("by keyboard alone: the first stop skips to the content", () =>
    on({}, async (page) => {
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement.id), "content");
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.id), "q");
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(outline, "none");
    }));

  await check("a long facet is narrowed by what is typed in it, its values fetched first", () =>
    on({}, async (page) => {
      await page.goto(`${address}/?q=klantreis&wider=true`);
      const values = page.locator("#facet-organisation li");
      assert.equal(await values.count(), 6);
      await page.fill("#facet-organisation-narrow", "rotterdam");
      await page.waitForSelector("#facet-organisation[data-whole] li[hidden]", { state: "attached" });
      const left = page.locator("#facet-organisation li:not([hidden])");
      for (const text of await left.allTextContents()) assert.match(text, /rotterdam/i);
      assert.ok((await left.count()) > 0 && (await values.count()) > 20);
      assert.equal(await page.evaluate(() => document.activeElement.id), "facet-organisation-narrow");
      await left.first().locator("input").check();
      await page.waitForURL(/organisation=/);
      await page.waitForSelector(".active");
      assert.doesNotMatch(page.url(), /facet=/);
      assert.match(await page.evaluate(() => document.activeElement.name), /organisation/);
    }));

  await check("a long facet is unfolded in place, and without script on a page of its own", async () => {
    const path = "/?q=klantreis&wider=true";
    await on({}, async (page) => {
      await page.goto(address + path);
      await page.click("#facet-organisation .whole");
      await page.waitForSelector("#facet-organisation li:nth-child(21)");
      assert.equal(page.url(), address + path);
      const seventh = await page.inputValue("#facet-organisation li:nth-child(7) input");
      assert.equal(await page.evaluate(() => document.activeElement.value), seventh);
    });
    await on({ javaScriptEnabled: false, viewport: { width: 360, height: 800 } }, async (page) => {
      await page.goto(address + path);
      await page.click("#filters > summary");
      await page.click("#facet-organisation .whole");
      assert.match(page.url(), /facet=organisation#facet-organisation$/);
      assert.ok(await page.locator("#facet-organisation li:nth-child(21)").isVisible());
    });
  });

  await check("focus order follows visual order, narrow and wide", async () => {
    for (const width of [360, 1280]) {
      await on({ viewport: { width, height: 900 } }, async (page) => {
        await page.goto(`${address}/?q=klantreis&kind=event&phase=past`);
        await page.waitForSelector("html.js");
        // Top and left of every stop from the search field on; columns are gone through one by one.
        const stops = [];
        await page.focus("#q");
        for (let stop = 0; stop < 140; stop += 1) {
          await page.keyboard.press("Tab");
          const focused = await page.evaluate(() => {
            const { left, top } = document.activeElement.getBoundingClientRect();
            const section = document.activeElement.closest("#told, #refine, #found, footer")?.id ?? "";
            return { section, left, top: top + scrollY };
          });
          if (stops.length && focused.section === "" ) break;
          if (focused.section) stops.push(focused);
        }
        const sections = stops.map((stop) => stop.section).filter((section, at, all) => section !== all[at - 1]);
        assert.deepEqual(sections, ["told", "refine", "found"], `at ${width}`);
        const begin = (section) => page.locator(`#${section}`).boundingBox();
        const [summary, refine, found] = await Promise.all(["told", "refine", "found"].map(begin));
        assert.ok(summary.y + summary.height <= refine.y && summary.y + summary.height <= found.y, `at ${width}`);
        if (width < 900) assert.ok(refine.y + refine.height <= found.y, `at ${width}`);
        else assert.ok(refine.x + refine.width <= found.x, `at ${width}`);
        for (const section of ["told", "refine", "found"]) {
          const tops = stops.filter((stop) => stop.section === section).map((stop) => stop.top);
          tops.slice(1).forEach((top, at) => assert.ok(top >= tops[at] - 24, `${section} at ${width}`));
        }
      });
    }
  });

  await check("the filters can be skipped", () =>
    on({}, async (page) => {
      await page.goto(`${address}/?q=klantreis`);
      await page.focus("#refine .over");
      assert.ok(await page.locator("#refine .over").isVisible());
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.id), "sort");
    }));

  await check("events: presets and the calendar, without script", () =>
    on({ javaScriptEnabled: false }, async (page) => {
      await page.goto(`${address}/event`);
      await page.click("text=Dit kwartaal");
      assert.match(page.url(), /from=\d{4}-\d{2}-01&until=/);
      assert.equal(await page.textContent(".presets [aria-current]"), "Dit kwartaal");
      await page.click("text=Agenda per maand");
      const first = await page.textContent("h1");
      assert.match(first, /^Agenda: [a-z]+ \d{4}$/);
      await page.click(".pages [rel=next]");
      assert.notEqual(await page.textContent("h1"), first);
      await page.click(".pages [rel=prev]");
      assert.equal(await page.textContent("h1"), first);
    }));
}
