// The configurator: what it shows for an address, and that its code works where it is pasted.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { HtmlValidate } from "html-validate";
import { KEY, startService, startSite } from "./elements.mjs";
import { VALID } from "./pages.mjs";

export async function auditConfigurator(browser, demo, check) {
  const folder = mkdtempSync(join(tmpdir(), "wegwijzer-configurator-"));
  const site = await startSite();
  const service = await startService(demo.data, site.origin, folder, "framing = true");
  const code = (page, id) => page.locator(`.code:has(#${id}) code`).textContent();
  const open = async (path, options = {}) => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (/Content Security Policy|CORS/.test(message.text())) errors.push(message.text());
    });
    await page.goto(service.address + path);
    return { page, context, errors, close: () => context.close() };
  };
  const total = (text) => Number(text.match(/\d+/g)?.join("") ?? 0);

  await check("configurator: from a pasted address to a page of another site", async () => {
    const { page, context, errors, close } = await open("/embed");
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByLabel("Adres van de resultaten").fill(`${service.address}/?q=klantreis&kind=article`);
    await page.getByLabel("Sleutel").fill(KEY);
    const preview = page.frameLocator("#preview");
    await preview.locator(".wegwijzer-item").first().waitFor();
    assert.equal(await preview.locator("html").evaluate(() => self.origin), "null");
    const expected = total(await page.locator("#output p").first().textContent());
    assert.ok(expected > 0);
    assert.equal(total(await preview.locator(".wegwijzer-count").textContent()), expected);
    assert.match(page.url(), /address=/);
    await page.locator(".code:has(#element) button").click();
    await page.getByText("Gekopieerd").first().waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, await code(page, "element"));
    // The same results by each of the ways.
    const run = (command) => execFileSync("bash", ["-c", command.replace("curl", "curl -sS")], { encoding: "utf8" });
    const fragment = run(await code(page, "fragment"));
    assert.equal(total(fragment.match(/data-total="(\d+)"/)[1]), expected);
    assert.equal(JSON.parse(run(await code(page, "rest"))).totalCount, expected);
    const graphql = JSON.parse(run(await code(page, "graphql")));
    assert.equal(graphql.errors, undefined, JSON.stringify(graphql.errors));
    assert.equal(graphql.data.search.totalCount, expected);
    const [atom, json] = (await code(page, "feeds")).split("\n");
    assert.match(await (await fetch(atom)).text(), /<feed /);
    assert.equal((await (await fetch(json)).json()).items.length, Math.min(expected, 20));
    const [, url, integrity] = (await code(page, "integrity")).match(/src="([^"]+)"\s+integrity="([^"]+)"/);
    const module = Buffer.from(await (await fetch(url)).arrayBuffer());
    assert.equal(integrity, `sha384-${createHash("sha384").update(module).digest("base64")}`);
    const frame = await code(page, "frame");
    assert.deepEqual(errors, []);
    for (const pasted of [copied, copied.replace(/<script[^]*?<\/script>/, await code(page, "integrity"))]) {
      site.page.policy = `default-src 'none'; script-src ${service.address}; connect-src ${service.address}`;
      site.page.body = `<!DOCTYPE html><html lang="nl"><title>Portaal</title><body>${pasted}</body></html>`;
      const host = await context.newPage();
      await host.goto(site.origin);
      await host.locator(".wegwijzer-item").first().waitFor();
      assert.equal(total(await host.locator(".wegwijzer-count").textContent()), expected);
      await host.close();
    }
    site.page.policy = `default-src 'none'; frame-src ${service.address}`;
    site.page.body = `<!DOCTYPE html><html lang="nl"><title>Portaal</title><body>${frame}</body></html>`;
    const host = await context.newPage();
    await host.goto(site.origin);
    const framed = host.frameLocator("iframe").locator(".wegwijzer-count");
    assert.equal(total(await framed.textContent()), expected);
    await close();
  });

  await check("configurator: results without a field, an agenda, and English", async () => {
    const address = encodeURIComponent("kind=event&phase=past");
    const { page, errors, close } = await open(`/en/embed?address=${address}&view=agenda&first=2`);
    const preview = page.frameLocator("#preview");
    await preview.locator(".wegwijzer-item").first().waitFor();
    assert.equal(await preview.locator(".wegwijzer-item").count(), 2);
    assert.equal(await preview.locator("input").count(), 0);
    const element = await code(page, "element");
    assert.match(element, /<wegwijzer-agenda query="phase=past&amp;first=2" lang="en">/);
    await page.getByLabel("Only results").check();
    await page.locator(".code:has(#element) code", { hasText: "no-field" }).waitFor();
    assert.match(await code(page, "frame"), /\/en\/embed\/frame\?[^"]*field=false/);
    assert.deepEqual(errors, []);
    await close();
  });

  await check("configurator: mistakes are explained where they are made", async () => {
    const { page, errors, close } = await open("/embed");
    const address = page.getByLabel("Adres van de resultaten");
    for (const [value, error] of [
      ["https://www.example.nl/?q=brief", /van een andere site/],
      [`${service.address}/status`, /geen zoekresultaten/],
      ["?kind=boek", /klopt de waarde van ‘kind’ niet: boek/],
    ]) {
      await address.fill(value);
      await page.locator("#address-error", { hasText: error }).waitFor();
      assert.equal(await address.getAttribute("aria-invalid"), "true");
      assert.match(await address.getAttribute("aria-describedby"), /address-error/);
      assert.equal(await page.locator("#output section").count(), 0);
    }
    await address.fill("?kind=article");
    await page.locator("#output section").first().waitFor();
    assert.equal(await address.getAttribute("aria-invalid"), null);
    await page.getByRole("radio", { name: "Agenda" }).check();
    await page.locator("#address-error", { hasText: /Een agenda/ }).waitFor();
    await page.getByLabel("Sleutel").fill("wk_unknown_unknown");
    await page.locator("#key-error", { hasText: /niet bekend/ }).waitFor();
    assert.deepEqual(errors, []);
    await close();
  });

  await check("configurator: without scripts", async () => {
    const { page, close } = await open("/embed", { javaScriptEnabled: false });
    await page.getByLabel("Adres van de resultaten").fill("?kind=article");
    await page.getByRole("button", { name: "Code tonen" }).click();
    assert.match(await code(page, "element"), /query="kind=article"/);
    assert.equal(await page.getByRole("button", { name: "Code kopiëren" }).count(), 0);
    await close();
  });

  const path = `/embed?address=${encodeURIComponent("?q=klantreis")}`;
  await check("configurator: valid HTML", async () => {
    const html = await (await fetch(service.address + path)).text();
    const report = await new HtmlValidate(VALID).validateString(html);
    const messages = report.results.flatMap((one) => one.messages);
    assert.deepEqual(messages.map((one) => `${one.line} ${one.ruleId}: ${one.message}`), []);
  });
  for (const colorScheme of ["light", "dark"]) {
    await check(`configurator: axe in ${colorScheme}, and 320 pixels wide`, async () => {
      const { page, close } = await open(path, { colorScheme, viewport: { width: 320, height: 700 } });
      await page.frameLocator("#preview").locator(".wegwijzer-item").first().waitFor();
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes[0].html}`), []);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 320, `${width} pixels`);
      await close();
    });
  }

  service.stop();
  site.stop();
  rmSync(folder, { recursive: true, force: true });
}
