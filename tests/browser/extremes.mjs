// Content at the limits: titles and names of 300 letters without a space, a text of 10,000 words,
// records with nothing but a title, no content at all, and a script that fails.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAM, start } from "./server.mjs";

const LONG = "onmenselijkheid".repeat(20);
const DAY = 24 * 60 * 60 * 1_000;

function records() {
  const date = (days) => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
  const common = { url: `https://example.nl/${LONG}`, themes: [`Thema${LONG}`], organisations: [`Dienst${LONG}`] };
  return [
    { key: "a", kind: "article", title: LONG, body: `<p>${"woord ".repeat(10_000)} ${LONG}</p>`, published_at: date(-1), ...common },
    { key: "b", kind: "event", title: `Sessie${LONG}`, start: date(3), place: { name: LONG, city: LONG }, ...common, url: "https://example.nl/b" },
    { key: "c", kind: "event", title: "Afgelast", status: "CANCELLED", start: date(1), ...common, url: "https://example.nl/c" },
    { key: "d", kind: "toolkit", title: `Toolkit${LONG}`, ...common, url: "https://example.nl/d",
      resources: [{ title: `Brief${LONG}`, kind: "LETTER", tested: true, url: "https://example.nl/brief" }] },
    { key: "e", kind: "community", title: `Community${LONG}`, ...common, url: "https://example.nl/e", member_count: 4_294_967_295 },
    { key: "f", kind: "article", title: "Kaal" },
  ].map((record) => JSON.stringify({ op: "upsert", ...record })).join("\n");
}

/** The program over a file of records; resolves once it is ready. */
async function startWith(folder, lines, more = "") {
  writeFileSync(join(folder, "records.jsonl"), `${lines}\n`);
  const config = join(folder, "wegwijzer.toml");
  writeFileSync(config, `data = "data"\n[[source]]\nname = "records"\nkind = "jsonlines"\npath = "records.jsonl"\n${more}`);
  const { status, stderr } = spawnSync(PROGRAM, ["index", "--config", config], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return start(["--config", config]);
}

export async function auditExtremes(browser, { address: demo }, check) {
  const folder = mkdtempSync(join(tmpdir(), "wegwijzer-extremes-"));
  const service = await startWith(folder, records());
  const { address } = service;
  await check("words of 300 letters and texts of 10,000 words fit a page", async () => {
    const home = await (await fetch(address)).text();
    const lists = await Promise.all(["article", "theme", "organisation"].map(async (kind) => (await fetch(`${address}/${kind}`)).text()));
    const links = [home, ...lists].join("").matchAll(/href="(\/(?:article|event|toolkit|community|theme|organisation)\/[^"]+)"/g);
    const paths = new Set(["/", "/theme", "/organisation", "/calendar", `/?q=${LONG}`, "/?q=sessie", "/?kind=event", ...[...links].map((match) => match[1])]);
    assert.ok(paths.size > 12, [...paths].join(" "));
    for (const path of paths) {
      const response = await fetch(address + path);
      assert.equal(response.status, 200, path);
      for (const width of [320, 1280]) {
        const page = await browser.newPage({ viewport: { width, height: 800 } });
        await page.goto(address + path);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(over <= 0, `${path}: ${over} pixels too wide at ${width}`);
        const cut = await page.evaluate(() => [...document.querySelectorAll("h1, h3, .tile, .card, .signs > li, .facts > *")]
          .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline").map((one) => one.outerHTML.slice(0, 80)));
        assert.deepEqual(cut, [], `${path} at ${width}`);
        await page.close();
      }
    }
  });
  service.stop();
  rmSync(folder, { recursive: true, force: true });

  await check("a service without content has pages that say so", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wegwijzer-empty-"));
    const bare = await startWith(folder, "");
    try {
      for (const path of ["/", "/en/", "/?q=brief", "/article", "/event", "/calendar", "/theme", "/organisation"]) {
        const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
        const response = await page.goto(bare.address + path);
        assert.equal(response.status(), 200, path);
        const empty = await page.locator("main ul, main ol").evaluateAll((all) =>
          all.filter((one) => !one.hidden && one.children.length === 0).map((one) => one.outerHTML));
        assert.deepEqual(empty, [], `${path}: an empty list`);
        await page.close();
      }
    } finally {
      bare.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  await check("a logo and a long name fit the header of a phone", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wegwijzer-logo-"));
    writeFileSync(join(folder, "logo.svg"), '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="40"><rect width="400" height="40"/></svg>');
    const name = "Kennisbank Dienstverlening Nederland";
    const branded = await startWith(folder, records(), `[site]\nname = "${name}"\nlogo = "logo.svg"\n`);
    try {
      for (const [width, path] of [[390, "/"], [390, "/en/"], [1280, "/"]]) {
        const page = await browser.newPage({ viewport: { width, height: 800 } });
        await page.goto(branded.address + path);
        const { height } = await page.locator(".masthead").boundingBox();
        assert.ok(height <= (width < 500 ? 100 : 120), `${path}: ${height}`);
        assert.equal(await page.getByRole("link", { name, exact: true }).count(), 1);
        const [brand, menu] = await Promise.all([".brand img", width < 500 ? ".menu" : ".masthead nav"].map((one) => page.locator(one).boundingBox()));
        assert.ok(brand.x + brand.width <= menu.x || brand.y + brand.height <= menu.y, `${path}: the logo covers the menu`);
        await page.close();
      }
    } finally {
      branded.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  await check("a script that fails halfway leaves pages that work", async () => {
    for (const call of ["searchWhileTyping();", "suggest();", "narrowFacets();"]) {
      const page = await browser.newPage();
      await page.route("**/assets/search*.js", async (route) => {
        const body = await (await route.fetch()).text();
        assert.ok(body.includes(call), call);
        await route.fulfill({ body: body.replace(call, 'throw new Error("halfway");'), contentType: "text/javascript" });
      });
      await page.goto(demo);
      await page.fill("#q", "klantreis");
      await page.keyboard.press("Enter");
      await page.waitForURL("**?q=klantreis*");
      await page.locator(".hit").first().waitFor();
      await page.locator("input[name=kind]").first().check();
      await page.locator(".apply").click();
      await page.waitForURL("**kind=*");
      await page.close();
    }
  });
}
