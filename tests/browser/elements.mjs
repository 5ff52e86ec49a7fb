// The elements for partners, on pages of another origin under a strict content security policy.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { AxeBuilder } from "@axe-core/playwright";
import { buildSync } from "esbuild";
import { start } from "./server.mjs";

export const KEY = "wk_0123456789abcdef";
/** What is in the elements until results are there. */
const FALLBACK = '<p><a class="fallback" href="https://zoek.example/">Zoek op Wegwijzer</a></p>';

/** A site that serves the page that a test sets. */
export async function startSite() {
  const page = { body: "", policy: "" };
  const files = {};
  const server = createServer((request, response) => {
    if (files[request.url]) {
      response.setHeader("content-type", "text/javascript; charset=utf-8");
      return response.end(files[request.url]);
    }
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.setHeader("content-security-policy", page.policy);
    response.end(page.body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://localhost:${server.address().port}`;
  return { origin, page, files, stop: () => server.close() };
}

/** The service with a partner whose site is `origin`, over the generation of the demo. */
export async function startService(data, origin, folder, more = "") {
  const config = join(folder, "wegwijzer.toml");
  writeFileSync(config, `data = ${JSON.stringify(data)}
[[partner]]
name = "portaal"
keys = ["${KEY}"]
origins = ["${origin}"]
burst = 1000
requests_per_second = 1000
${more}
`);
  return start(["--config", config], true);
}

/** A module with the packages that it imports. */
function bundle(code) {
  const options = { bundle: true, format: "esm", write: false, define: { "process.env.NODE_ENV": '"production"' } };
  const stdin = { contents: code, resolveDir: import.meta.dirname };
  return buildSync({ ...options, stdin }).outputFiles[0].text;
}

const html = (service, content, head = "") => `<!DOCTYPE html><html lang="nl"><head><title>Portaal</title>${head}
<script type="module" src="${service}/embed/v1/wegwijzer.js"></script></head>
<body><main><h1>Portaal</h1>${content}</main></body></html>`;

export async function auditElements(browser, demo, check) {
  const folder = mkdtempSync(join(tmpdir(), "wegwijzer-elements-"));
  const site = await startSite();
  const service = await startService(demo.data, site.origin, folder);
  const strict = `default-src 'none'; script-src ${service.address}; connect-src ${service.address}`;
  /** Opens a page with this content, and collects what goes amiss. */
  const open = async (content, { policy = strict, head, before, ...options } = {}) => {
    site.page.body = html(service.address, content, head);
    site.page.policy = policy;
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (/Content Security Policy|TrustedHTML/.test(message.text())) errors.push(message.text());
    });
    await page.addInitScript(() => {
      globalThis.results = [];
      globalThis.failures = [];
      addEventListener("wegwijzer-results", ({ detail }) => results.push(detail));
      addEventListener("wegwijzer-error", ({ detail }) => failures.push(detail));
      globalThis.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.shift += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
    });
    await before?.(page);
    await page.goto(site.origin);
    return { page, errors, close: () => context.close() };
  };
  const shown = (page, count = 1) =>
    page.waitForFunction((count) => results.length >= count, count, { timeout: 15_000 });
  const search = (attributes = "") =>
    `<wegwijzer-search api-key="${KEY}" ${attributes}>${FALLBACK}</wegwijzer-search>`;

  await check("elements: the module is at most 15 kB compressed", async () => {
    const module = await (await fetch(`${service.address}/embed/v1/wegwijzer.js`)).text();
    const bytes = brotliCompressSync(module).length;
    console.log(`        ${bytes} bytes with Brotli`);
    assert.ok(bytes <= 15_000);
  });

  await check("elements: results, facets and pages under a strict policy", async () => {
    const started = Date.now();
    const { page, errors, close } = await open(search());
    await shown(page);
    console.log(`        first results after ${Date.now() - started} ms`);
    assert.equal(await page.locator(".fallback").isVisible(), false);
    const all = await page.evaluate(() => results[0].total);
    await page.locator("summary").click();
    await page.locator("input[name=kind][value=toolkit]").check();
    await shown(page, 2);
    const { total, query } = await page.evaluate(() => results[1]);
    assert.ok(total > 0 && total < all, `${total} of ${all}`);
    assert.match(query, /kind=toolkit/);
    assert.ok(await page.locator("details").getAttribute("open") !== null, "filters stay open");
    await page.locator("input[name=kind][value=toolkit]").uncheck();
    await shown(page, 3);
    await page.locator("a[rel=next]").click();
    await shown(page, 4);
    assert.match(await page.evaluate(() => results[3].query), /page=2/);
    assert.equal(page.url(), `${site.origin}/`);
    assert.deepEqual(errors, []);
    await close();
  });

  await check("elements: by keyboard, with the focus where it is expected", async () => {
    const { page, errors, close } = await open(search());
    await shown(page);
    const active = () =>
      page.evaluate(() => {
        const element = document.activeElement.shadowRoot?.activeElement;
        return element && [element.localName, element.name ?? element.className].join(" ");
      });
    await page.keyboard.press("Tab");
    assert.equal(await active(), "input q");
    await page.keyboard.type("klantreis");
    await page.keyboard.press("Enter");
    await shown(page, 2);
    assert.match(await active(), /^p wegwijzer-count/);
    const status = await page.locator("[role=status]").textContent();
    assert.match(status, /resultaten voor ‘klantreis’/);
    await page.locator("summary").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    const facet = await active();
    await page.keyboard.press("Space");
    await shown(page, 3);
    assert.equal(await active(), facet);
    assert.deepEqual(errors, []);
    await close();
  });

  await check("elements: two on a page, an agenda, and styles of the page that do not leak in", async () => {
    const content = `${search("query='kind=article'")}${search("query='q=brief' no-field")}
      <wegwijzer-agenda api-key="${KEY}" query="first=2" lang="en">${FALLBACK}</wegwijzer-agenda>`;
    const leak = "* { color: rgb(1, 2, 3) !important; display: block !important }";
    const { page, errors, close } = await open(content, {
      policy: `${strict}; style-src 'unsafe-inline'`,
      head: `<style>${leak} wegwijzer-search { --nl-link-color: rgb(4, 5, 6) } wegwijzer-search::part(title) { font-size: 40px }</style>`,
    });
    await shown(page, 3);
    const first = page.locator("wegwijzer-search").first();
    assert.equal(await first.locator("input[type=search]").count(), 1);
    assert.equal(await first.locator("input[name=kind][type=checkbox]").count(), 0);
    assert.equal(await page.locator("wegwijzer-search").nth(1).locator("input[type=search]").count(), 0);
    const agenda = page.locator("wegwijzer-agenda");
    assert.ok(await agenda.locator(".wegwijzer-item").count() <= 2);
    assert.match(await agenda.locator(".wegwijzer-count").textContent(), /result/);
    const style = (selector, name) =>
      first.locator(selector).first().evaluate((node, name) => getComputedStyle(node)[name], name);
    assert.equal(await style(".wegwijzer-title a", "color"), "rgb(4, 5, 6)");
    assert.equal(await style(".wegwijzer-title", "fontSize"), "40px");
    assert.equal(await style("mark, .wegwijzer-field", "display"), "flex");
    assert.deepEqual(errors, []);
    await close();
  });

  for (const colorScheme of ["light", "dark"]) {
    await check(`elements: axe in ${colorScheme}, and 320 pixels wide`, async () => {
      const { page, close } = await open(search("query='q=klantreis'"), {
        colorScheme, viewport: { width: 320, height: 700 },
      });
      await shown(page);
      await page.locator("summary").click();
      // The page itself is white in the dark as well.
      const { violations } = await new AxeBuilder({ page }).include("wegwijzer-search").analyze();
      assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes[0].html}`), []);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 320, `${width} pixels`);
      await close();
    });
  }

  await check("elements: what they contain remains if they are not served", async () => {
    for (const [name, attributes, status] of [
      ["an unknown key", 'key="wk_unknown000000000"', 401],
      ["a wrong query", `key="${KEY}" query="kind=person"`, 400],
      ["no permission without a key", "", 0],
    ]) {
      const { page, errors, close } = await open(
        `<wegwijzer-search ${attributes}>${FALLBACK}</wegwijzer-search>`,
      );
      await page.waitForFunction(() => failures.length > 0);
      assert.ok(await page.locator(".fallback").isVisible(), name);
      // Without permission to read the response, its status is unknown.
      assert.ok([status, 0].includes(await page.evaluate(() => failures[0].status)), name);
      assert.deepEqual(errors, [], name);
      await close();
    }
  });

  await check("elements: moved while loading, changed often, and defined twice", async () => {
    const { page, errors, close } = await open(`<div id="one">${search()}</div><div id="two"></div>`, {
      before: (page) => page.route("**/embed/search**", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        await route.continue().catch(() => undefined);
      }),
    });
    await page.waitForFunction(() => customElements.get("wegwijzer-search"));
    await page.evaluate(() => two.append(document.querySelector("wegwijzer-search")));
    await shown(page);
    assert.equal(await page.evaluate(() => results.length), 1);
    await page.evaluate(() => {
      const element = document.querySelector("wegwijzer-search");
      for (const word of ["a", "b", "brief"]) element.setAttribute("query", `q=${word}`);
    });
    await shown(page, 2);
    assert.match(await page.evaluate(() => results[1].query), /q=brief/);
    await page.addScriptTag({ type: "module", url: `${service.address}/embed/v1/wegwijzer.js?again` });
    assert.equal(await page.evaluate(() => results.length), 2);
    assert.deepEqual(errors, []);
    await close();
  });

  await check("elements: in React", async () => {
    site.files["/react.js"] = bundle(`
      import { createElement as h, useState } from "react";
      import { createRoot } from "react-dom/client";
      function Portal() {
        const [kind, setKind] = useState("article");
        const [total, setTotal] = useState();
        return h("main", null,
          h("button", { onClick: () => setKind("toolkit") }, "Hulpmiddelen"),
          h("output", null, total),
          h("wegwijzer-search", {
            "api-key": ${JSON.stringify(KEY)},
            query: "kind=" + kind,
            "onwegwijzer-results": (event) => setTotal(event.detail.total),
          }, h("a", { className: "fallback", href: "https://zoek.example/" }, "Zoek")));
      }
      createRoot(document.getElementById("app")).render(h(Portal));`);
    const { page, errors, close } = await open('<div id="app"></div>', {
      policy: strict.replace("script-src", "script-src 'self'"),
      head: '<script type="module" src="/react.js"></script>',
    });
    await shown(page);
    const output = () => page.locator("output").textContent();
    const [articles] = await page.evaluate(() => results.map((one) => one.total));
    assert.equal(await output(), String(articles));
    assert.equal(await page.locator(".fallback").isVisible(), false);
    await page.getByRole("button", { name: "Hulpmiddelen" }).click();
    await shown(page, 2);
    const [, toolkits] = await page.evaluate(() => results.map((one) => one.total));
    assert.ok(toolkits > 0 && toolkits !== articles);
    assert.equal(await output(), String(toolkits));
    assert.deepEqual(errors, []);
    await close();
  });

  await check("elements: where a site enforces Trusted Types", async () => {
    const policy = `${strict}; require-trusted-types-for 'script'; trusted-types wegwijzer`;
    const { page, errors, close } = await open(search(), { policy });
    await shown(page);
    assert.deepEqual(errors, []);
    await close();
  });

  await check("elements: the page hardly moves if it reserves the height", async () => {
    const { page, close } = await open(`${search()}<p>Onder de zoekresultaten.</p>`, {
      policy: `${strict}; style-src 'unsafe-inline'`,
      head: "<style>wegwijzer-search { display: block; min-block-size: 120rem }</style>",
    });
    await shown(page);
    await page.waitForTimeout(200);
    const shift = await page.evaluate(() => globalThis.shift);
    assert.ok(shift <= 0.05, `${shift}`);
    await close();
  });

  await check("frame: only on the site of the partner", async () => {
    const frame = `<iframe title="Zoeken" src="${service.address}/embed/frame?kind=event&key=${KEY}"></iframe>`;
    const { page, close } = await open(frame, { policy: `default-src 'none'; frame-src ${service.address}` });
    // The partner of this test may not show it in a frame.
    await page.waitForTimeout(300);
    assert.equal(await page.frameLocator("iframe").locator(".wegwijzer-count").count(), 0);
    await close();
  });

  await check("elements: results remain if the service stops midway", async () => {
    const { page, errors, close } = await open(search());
    await shown(page);
    const before = await page.locator(".wegwijzer-count").textContent();
    service.stop();
    // Until then, it responds once more on every open connection.
    await service.ended;
    await page.locator("input[type=search]").fill("brief");
    await page.locator("input[type=search]").press("Enter");
    await page.waitForFunction(() => failures.length > 0);
    assert.equal(await page.locator(".wegwijzer-count").textContent(), before);
    assert.match(await page.locator("[role=status]").textContent(), /^Zoeken lukt nu niet/);
    assert.deepEqual(errors, []);
    await close();
    // And the module cannot be loaded at all.
    const again = await open(search());
    assert.ok(await again.page.locator(".fallback").isVisible());
    assert.deepEqual(again.errors, []);
    await again.close();
  });

  service.stop();
  site.stop();
  rmSync(folder, { recursive: true, force: true });
}
