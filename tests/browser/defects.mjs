// Defects that a reader saw: each check fails on the page as it was.
import assert from "node:assert/strict";

const PHONE = { width: 390, height: 844 };

/** Opens a page, and closes it afterwards. */
async function withPage(browser, url, options, run) {
  const page = await browser.newPage(options);
  try {
    await page.goto(url);
    await run(page);
  } finally {
    await page.close();
  }
}

/** The paths of the records of a kind, of all pages of its list. */
async function paths(address, kind) {
  const found = [];
  for (let number = 1; ; number += 1) {
    const html = await (await fetch(`${address}/?kind=${kind}&page=${number}`)).text();
    const links = [...html.matchAll(/<h3><a href="(\/[^"]+)"/g)].map((match) => match[1]);
    if (links.length === 0) return found;
    found.push(...links);
  }
}

/** The paths of all themes and organisations. */
async function entityPaths(address) {
  const lists = await Promise.all(["theme", "organisation"].map(async (kind) => {
    const html = await (await fetch(`${address}/${kind}`)).text();
    return [...html.matchAll(new RegExp(`<li><a href="(/${kind}/[^"]+)"`, "g"))].map((match) => match[1]);
  }));
  return lists.flat();
}

/** What pages have since they have been designed for phones: a low header with a menu, and panels. */
async function auditDesign(browser, address, check) {
  const kinds = ["article", "toolkit", "community", "event"];
  const items = (await Promise.all(kinds.map((kind) => paths(address, kind)))).map((all) => all[0]);
  const entities = await entityPaths(address);
  const types = ["/", "/en/", "/?q=klantreis", "/?q=qqqqq", "/theme", "/organisation", "/audience", "/calendar",
    "/about", "/contact", "/status", "/embed", "/api", "/nowhere", ...items, entities[0], entities.at(-1)];
  await check("the header is at most 100 pixels high on phones", async () => {
    for (const path of types) {
      await withPage(browser, address + path, { viewport: PHONE }, async (page) => {
        const { height } = await page.locator(".masthead").boundingBox();
        assert.ok(height <= 100, `${path}: ${height}`);
      });
    }
  });
  await check("the menu opens and closes without a script, and by keyboard", async () => {
    const context = await browser.newContext({ viewport: PHONE, javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(address);
    const menu = page.locator(".masthead nav");
    assert.equal(await menu.isVisible(), false);
    await page.locator(".menu").focus();
    await page.keyboard.press("Enter");
    await menu.waitFor({ state: "visible" });
    assert.equal(await menu.locator("a:visible").count(), 6);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/article");
    await page.locator(".menu").click();
    await page.keyboard.press("Escape");
    assert.equal(await menu.isVisible(), false);
    await context.close();
  });
  await check("the open menu hides neither its button nor the page on a wider screen", async () => {
    for (const [width, size] of [[390, "106.25%"], [390, "212.5%"], [320, "106.25%"]]) {
      await withPage(browser, address, { viewport: { width, height: 844 } }, async (page) => {
        await page.evaluate((font) => { document.documentElement.style.setProperty("font-size", font); }, size);
        await page.locator(".menu").click();
        const isHit = await page.locator(".menu").evaluate((one) => {
          const { x, y, width, height } = one.getBoundingClientRect();
          return one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
        });
        assert.ok(isHit, `${width} pixels, ${size}`);
      });
    }
    await withPage(browser, address, { viewport: { width: 820, height: 1180 } }, async (page) => {
      await page.locator(".menu").click();
      await page.setViewportSize({ width: 1180, height: 820 });
      await page.locator("#q").click({ timeout: 5_000 });
      assert.equal(await page.locator(".masthead nav:popover-open").count(), 0);
    });
  });
  await check("no text of the facts of a card is clipped", async () => {
    for (const path of ["/", "/event", "/toolkit", "/community", "/?q=klantreis"]) {
      await withPage(browser, address + path, { viewport: { width: 320, height: 900 } }, async (page) => {
        const clipped = await page.evaluate(() => [...document.querySelectorAll(".facts > *")].filter((one) => {
          const visible = one.parentElement.getBoundingClientRect().left + 0.9 * parseFloat(getComputedStyle(document.documentElement).fontSize);
          const range = document.createRange();
          range.selectNodeContents(one);
          return [...range.getClientRects()].some((box) => box.left < visible);
        }).map((one) => one.textContent));
        assert.deepEqual(clipped, [], path);
      });
    }
  });
  await check("a theme or organisation has one panel: its next session, toolkits, tested letters, and what is new", async () => {
    const found = { upcoming: 0, toolkits: 0, letters: 0, groups: 0, newest: 0 };
    for (const path of entities) {
      const html = await (await fetch(address + path)).text();
      for (const id of Object.keys(found)) found[id] += html.includes(`id="${id}"`) ? 1 : 0;
      const sessions = html.match(/id="upcoming".*?<\/section>/s)?.[0] ?? "";
      const cancelled = [...sessions.matchAll(/<li>.*?<\/li>/gs)].map((row) => row[0].includes("Gaat niet door"));
      assert.deepEqual(cancelled, [...cancelled].sort(), `${path}: what takes place comes first`);
      const news = html.match(/id="newest".*?<\/section>/s)?.[0] ?? "";
      assert.ok(!news.includes('data-kind="EVENT"'), `${path}: events are not news`);
      for (const [, href] of html.matchAll(/<li><a href="([^"]+#resource-\d+)"/g)) {
        const target = await (await fetch(address + href)).text();
        assert.ok(target.includes(`id="${href.split("#")[1]}"`), href);
      }
    }
    for (const [id, count] of Object.entries(found)) assert.ok(count > 2, `${id}: ${count}`);
  });
  await check("the panel above results leads to the page of the theme", async () => {
    const html = await (await fetch(`${address}/?q=begrijpelijke+taal`)).text();
    const href = html.match(/<p class="note"><a href="(\/theme\/[^"]+)"/)?.[1];
    assert.equal((await fetch(address + href)).status, 200);
  });
  await check("no title names a year, since the demo is dated around today", async () => {
    for (const path of [...await paths(address, "event"), ...await paths(address, "article")]) {
      const html = await (await fetch(address + path)).text();
      const year = html.match(/<h1[^>]*><bdi>.*?\b(20\d\d)\b.*?<\/bdi><\/h1>/)?.[1];
      assert.equal(year, undefined, path);
    }
  });
  await check("provenance names sites, not sources of the configuration", async () => {
    const rows = [];
    for (const path of items) {
      const html = await (await fetch(address + path)).text();
      rows.push(...[...html.matchAll(/<li>([^<]*), opgehaald op/g)].map((match) => match[1]));
    }
    assert.ok(rows.length >= items.length);
    for (const row of rows) assert.match(row, /\.example$|^Bestand van de beheerder$/);
  });
}

export async function auditDefects(browser, { address }, check) {
  await auditDesign(browser, address, check);
  await check("suggestions of the start page are whole", () =>
    withPage(browser, address, {}, async (page) => {
      await page.fill("#q", "klantr");
      await page.locator("[role=option]").last().waitFor();
      // Clipping hides an element from clicks.
      const hidden = await page.locator("[role=option]").evaluateAll((all) => all.filter((one) => {
        const { x, y, width, height } = one.getBoundingClientRect();
        return !one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
      }).length);
      assert.equal(hidden, 0);
      const texts = await page.locator("[role=option]").allTextContents();
      const folded = texts.map((text) => text.trim().toLowerCase());
      assert.equal(new Set(folded).size, folded.length, folded.join(", "));
    }));
  await check("badges of related content have the colour of their own kind", async () => {
    const kinds = { Artikel: "article", Toolkit: "toolkit", Community: "community", Bijeenkomst: "event" };
    let others = 0;
    for (const path of (await paths(address, "event")).slice(0, 8)) {
      await withPage(browser, address + path, {}, async (page) => {
        const badges = await page.evaluate((names) => [...document.querySelectorAll(".badge")].map((badge) => {
          const probe = document.createElement("i");
          probe.style.background = `var(--wegwijzer-${names[badge.textContent.trim()]})`;
          document.body.append(probe);
          const expected = getComputedStyle(probe).backgroundColor;
          probe.remove();
          return [badge.textContent.trim(), getComputedStyle(badge).backgroundColor, expected];
        }), kinds);
        for (const [name, actual, expected] of badges) assert.equal(actual, expected, `${path}: ${name}`);
        others += badges.filter(([name]) => name !== "Bijeenkomst").length;
      });
    }
    assert.ok(others > 3, `${others}`);
  });
  await check("on a phone, where and when comes before related content", async () => {
    let compared = 0;
    for (const path of (await paths(address, "event")).slice(0, 8)) {
      await withPage(browser, address + path, { viewport: PHONE }, async (page) => {
        const top = async (selector) => (await page.locator(selector).first().boundingBox())?.y;
        if (await page.locator("#related").count() === 0) return;
        assert.ok(await top(".side") < await top("#related"), path);
        compared += 1;
      });
    }
    assert.ok(compared > 3, `${compared}`);
  });
  await check("no line of facts begins or ends with a separator", async () => {
    for (const [path, viewport] of [["/", PHONE], ["/", { width: 1280, height: 900 }], ["/?q=klantreis", PHONE], ["/calendar/2026-12", PHONE]]) {
      await withPage(browser, address + path, { viewport }, async (page) => {
        const visible = await page.evaluate(() => [...document.querySelectorAll(".facts")].flatMap((list) => {
          const text = list.textContent;
          if (/[·•]/.test(text)) return [text];
          const clip = getComputedStyle(list).clipPath;
          const first = [...list.children].filter((one) =>
            one.getBoundingClientRect().left <= list.getBoundingClientRect().left + 1);
          return first.length > 0 && clip === "none" ? [text] : [];
        }));
        assert.deepEqual(visible, [], path);
      });
    }
  });
  await check("nothing invites to what is over", async () => {
    const html = await (await fetch(`${address}/?kind=event&phase=past`)).text();
    const past = [...html.matchAll(/<h3><a href="(\/event\/[^"]+)"/g)].map((match) => match[1]);
    assert.ok(past.length > 3);
    for (const path of past) {
      const page = await (await fetch(address + path)).text();
      assert.ok(!page.includes("Zet in uw agenda"), path);
    }
    const [upcoming] = (await (await fetch(`${address}/?kind=event&phase=upcoming`)).text()).match(/\/event\/[^"]+/);
    assert.ok((await (await fetch(address + upcoming)).text()).includes("Zet in uw agenda"));
  });
  await check("a search without results has no filters to choose from", async () => {
    const html = await (await fetch(`${address}/?q=qqqqq`)).text();
    assert.ok(!html.includes('id="refine"') && html.includes('class="zero"'));
    // With a condition, what it excludes can be chosen again.
    assert.ok((await (await fetch(`${address}/?q=qqqqq&kind=event`)).text()).includes('id="refine"'));
  });
  await check("no page lists one record twice", async () => {
    const html = await (await fetch(address)).text();
    const themes = [...html.matchAll(/href="(\/theme\/[^"]+)"/g)].map((match) => match[1]);
    for (const path of [...new Set(themes), ...await paths(address, "community")]) {
      const page = await (await fetch(address + path)).text();
      const hits = [...page.matchAll(/<h3><a href="([^"]+)"/g)].map((match) => match[1]);
      assert.deepEqual(hits.filter((hit, at) => hits.indexOf(hit) !== at), [], path);
    }
  });
  await check("marks of a theme are the organisation, not words of its name", async () => {
    let sentences = 0;
    const html = await (await fetch(address)).text();
    const themes = new Set([...html.matchAll(/href="(\/theme\/[^"]+)"/g)].map((match) => match[1]));
    for (const path of themes) {
      const page = await (await fetch(address + path)).text();
      for (const [, name, rest] of page.matchAll(/<section class="group"><h3><a[^>]*><bdi>([^<]+)<\/bdi>(.*?)<\/section>/gs)) {
        for (const [, sentence] of rest.matchAll(/<p[^>]*><bdi>(.*?)<\/bdi><\/p>/gs)) {
          const marks = [...sentence.matchAll(/<mark>([^<]+)<\/mark>/g)].map((match) => match[1].toLowerCase());
          const words = name.toLowerCase().split(" ");
          if (words.length > 1) assert.ok(!marks.includes("gemeente"), `${path}: ${sentence}`);
          sentences += 1;
        }
      }
    }
    assert.ok(sentences > 10, `${sentences}`);
  });
  await check("the calendar marks every day of an event, and tells cancelled ones apart", async () => {
    const years = new Date().getFullYear();
    let [spans, cancelled] = [0, 0];
    for (const month of Array.from({ length: 24 }, (_, at) => new Date(Date.UTC(years, at - 6, 1)).toISOString().slice(0, 7))) {
      const html = await (await fetch(`${address}/calendar/${month}`)).text();
      const cells = [...html.matchAll(/<td[^>]*><a href="#(d\d+|earlier)"( class="cancelled")?>(\d+)</g)];
      for (const [, section, isCancelled, number] of cells) {
        assert.ok(html.includes(`id="${section}"`), `${month}: ${section}`);
        spans += section === `d${number}` ? 0 : 1;
        cancelled += isCancelled ? 1 : 0;
      }
    }
    assert.ok(spans > 5 && cancelled > 0, `${spans} days of longer events, ${cancelled} cancelled`);
  });
  await check("a snippet shows where it is cut", async () => {
    const html = await (await fetch(`${address}/?q=klantreis+gemeente`)).text();
    const fragments = [...html.matchAll(/<p class="fragment"[^>]*><bdi>(.*?)<\/bdi><\/p>/g)];
    const texts = fragments.map((match) => match[1].replace(/<[^>]+>/g, "").trim());
    assert.ok(texts.length > 5);
    for (const text of texts) {
      assert.match(text, /^[^a-zà-ÿ,;]/, text);
      assert.match(text, /[.!?…:)”’"]$/, text);
    }
  });
}
