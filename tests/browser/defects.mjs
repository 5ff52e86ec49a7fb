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

export async function auditDefects(browser, { address }, check) {
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
