// What people do: search with and without script, refine, complete, go back, by keyboard alone.
import assert from "node:assert/strict";

export async function judgeUse(browser, { address }, check) {
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

  await check("the way back leads to before the typing, and a filter is one step", () =>
    on({}, async (page) => {
      await page.fill("#q", "brief");
      await page.waitForURL(/q=brief/);
      await page.waitForSelector("input[name=kind][value=article]");
      await page.keyboard.press("Escape");
      await page.check("input[name=kind][value=article]");
      await page.waitForURL(/kind=article/);
      await page.waitForSelector(".active");
      assert.equal(await page.evaluate(() => document.activeElement.id), "f-kind-article");
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

  await check("a long facet is narrowed by what is typed in it", () =>
    on({}, async (page) => {
      await page.goto(`${address}/?q=klantreis`);
      await page.fill("#facet-organisation-narrow", "rotterdam");
      const left = page.locator("#facet-organisation li:not([hidden])");
      for (const text of await left.allTextContents()) assert.match(text, /rotterdam/i);
      assert.ok((await left.count()) > 0);
    }));
}
