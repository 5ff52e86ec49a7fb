// What every sort of page must be: accessible in light and dark, valid, narrow, large, printable,
// and loading nothing from elsewhere.
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import { HtmlValidate } from "html-validate";

/** One page of each sort. */
export async function samples(address) {
  const html = await (await fetch(`${address}/?q=klantreis`)).text();
  const linked = (kind) => html.match(new RegExp(`href="(/${kind}/[^"]+)"`))?.[1];
  const first = async (kind) =>
    (await (await fetch(`${address}/${kind}`)).text()).match(new RegExp(`<h3><a href="(/${kind}/[^"]+)"`))[1];
  const items = await Promise.all(["article", "toolkit", "community", "event"].map(first));
  return [
    "/", "/en/", "/?q=klantreis", "/en/?q=plain+language", "/?q=klantreis&page=2&kind=article",
    "/?q=qqqqq+zzzzz&kind=event", "/?kind=event&phase=upcoming", "/?theme=nonsense&q=brief",
    "/article", ...items, `/en${items[0]}`, linked("theme"), linked("organisation"),
    "/theme", "/en/organisation?q=gemeente", "/audience", "/about", "/contact", "/privacy", "/en/accessibility", "/status", "/nowhere", "/embed", "/en/embed?address=nowhere&partner_key=wk_unknown_unknown", "/calendar", await monthWithEvents(address), "/en/calendar/1999-01",
    "/event", "/?q=klantreis&wider=true&facet=organisation",
  ];
}

/** A month in which something takes place. */
async function monthWithEvents(address) {
  let path = "/calendar";
  for (let month = 0; month < 24; month += 1) {
    const html = await (await fetch(address + path)).text();
    if (html.includes('class="month"')) return path;
    path = html.match(/rel="next" href="([^"]+)"/)[1];
  }
  throw new Error("no month has an event");
}

export const VALID = {
  extends: ["html-validate:recommended"],
  rules: {
    "long-title": "off", // titles are those of the sources
    "no-trailing-whitespace": "off",
    "prefer-native-element": "off",
    "void-style": "off",
    "no-raw-characters": ["error", { relaxed: true }],
    "no-implicit-button-type": "error",
    "form-dup-name": ["error", { shared: ["radio", "button", "submit", "checkbox"] }],
    "tel-non-breaking": "off", // numbers in texts of sources
    "wcag/h30": "error",
  },
};

/** One page: valid, accessible in light and dark, and narrow. `headers` are sent with its requests. */
export async function auditPage(browser, address, path, check, headers = {}) {
  await check(`valid HTML: ${path}`, async () => {
    const response = await fetch(address + path, { headers: { accept: "text/html", ...headers } });
    const report = await new HtmlValidate(VALID).validateString(await response.text());
    const messages = report.results.flatMap((one) => one.messages)
      .map((one) => `${one.line}:${one.column} ${one.ruleId}: ${one.message}`);
    assert.deepEqual(messages, []);
    assert.equal(response.headers.get("set-cookie"), null);
  });
  for (const colorScheme of ["light", "dark"]) {
    const options = { colorScheme, extraHTTPHeaders: headers };
    await check(`axe, ${colorScheme}: ${path}`, () => axe(browser, address, path, options));
  }
  await check(`320 pixels and 200 % text: ${path}`, () => reflow(browser, address, path, headers));
}

export async function auditPages(browser, { address }, check) {
  for (const path of await samples(address)) await auditPage(browser, address, path, check);
  await check("print shows no filters and no search field", async () => {
    const page = await browser.newPage();
    await page.goto(`${address}/?q=klantreis`);
    await page.emulateMedia({ media: "print" });
    for (const hidden of ["#refine", ".ask", ".sort"]) {
      assert.equal(await page.locator(hidden).first().isVisible(), false, hidden);
    }
    assert.ok(await page.locator(".hit").first().isVisible());
    await page.close();
  });
  await check("print: a page of paper is wide enough for every sort of page", async () => {
    const page = await browser.newPage({ viewport: { width: 680, height: 960 } });
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    for (const path of await samples(address)) {
      await page.goto(address + path);
      const layout = await page.evaluate(() => ({
        over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        paper: getComputedStyle(document.body).backgroundColor,
        head: document.querySelector("h1")?.getClientRects().length,
        controls: [...document.querySelectorAll("button, input, select, .masthead nav, .foot nav")]
          .filter((one) => one.getClientRects().length).map((one) => one.outerHTML.slice(0, 80)),
      }));
      assert.deepEqual(layout, { over: 0, paper: "rgb(255, 255, 255)", head: 1, controls: [] }, path);
      assert.deepEqual(await page.evaluate(pale), [], `${path}: printers leave out backgrounds`);
    }
    await page.close();
  });
  await check("forced colours: no information by colour alone", () => forced(browser, address));
}

/** Visible texts that have too little contrast with white paper. */
function pale() {
  const luminance = (colour) => {
    const [red, green, blue] = colour.match(/[\d.]+/g).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.getClientRects().length && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((one) => 1.05 / (luminance(getComputedStyle(one).color) + 0.05) < 4.5)
    .map((one) => one.outerHTML.slice(0, 80));
}

/** With the few colours of a person's own, borders and outlines stand in for what colours say. */
async function forced(browser, address) {
  const context = await browser.newContext({ forcedColors: "active" });
  const page = await context.newPage();
  for (const path of await samples(address)) {
    await page.goto(address + path);
    const bare = await page.evaluate(() => {
      const hasBorder = ({ borderStyle, outlineStyle, clipPath }) =>
        (borderStyle !== "none" || outlineStyle !== "none") && clipPath === "none";
      const list = ".badge, .kinds li, .call, button, .tags a, .active a:not(.clear), .presets a, .pages a, .pages .here, "
        + ".month [aria-current], .month a";
      return [...document.querySelectorAll(list)]
        .filter((one) => one.getClientRects().length && !hasBorder(getComputedStyle(one)))
        .map((one) => one.outerHTML.slice(0, 120));
    });
    assert.deepEqual(bare, [], path);
    // Contrast is that of the colours chosen by the person; axe reads those of the style sheet.
    const rules = new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa"]).disableRules("color-contrast");
    const { violations } = await rules.analyze();
    assert.deepEqual(violations.map((one) => one.id), [], path);
  }
  await page.goto(`${address}/event`);
  const lines = await page.locator(".masthead nav a").evaluateAll((all) => all.map((one) =>
    getComputedStyle(one).borderBottomColor === getComputedStyle(document.body).backgroundColor));
  assert.deepEqual(lines, [true, true, true, false, true, true], "the underline marks the current section");
  await page.goto(`${address}/?q=klantreis`);
  const mark = await page.locator(".fragment mark").first().evaluate((one) => {
    const { backgroundColor, color } = getComputedStyle(one);
    const around = getComputedStyle(one.closest(".fragment"));
    return { differs: backgroundColor !== around.backgroundColor || color !== around.color };
  });
  assert.ok(mark.differs, "a highlight looks like the text around it");
  await page.focus("#q");
  await page.keyboard.press("Tab");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, "none");
  await page.fill("#q", "klantr");
  await page.waitForSelector("[role=option]");
  await page.keyboard.press("ArrowDown");
  const [chosen, other] = await page.locator("[role=option]").evaluateAll((all) =>
    all.slice(0, 2).map((one) => getComputedStyle(one).backgroundColor));
  assert.notEqual(chosen, other);
  await context.close();
}

async function axe(browser, address, path, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const elsewhere = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(address)) elsewhere.push(request.url());
  });
  const complaints = [];
  page.on("console", (message) => {
    if (/Content Security Policy|Refused/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(address + path);
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  const messages = violations.map((one) =>
    `${one.id}: ${one.help} (${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")})`);
  assert.deepEqual(messages, []);
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(complaints, []);
  assert.deepEqual(await context.cookies(), []);
  assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  await context.close();
}

async function reflow(browser, address, path, extraHTTPHeaders) {
  for (const [width, font] of [[320, "106.25%"], [1280, "212.5%"]]) {
    const page = await browser.newPage({ viewport: { width, height: 800 }, extraHTTPHeaders });
    await page.goto(address + path);
    await page.evaluate((size) => { document.documentElement.style.setProperty("font-size", size); }, font);
    const over = await page.evaluate(() =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${over} pixels too wide at ${width}`);
    await page.close();
  }
}
