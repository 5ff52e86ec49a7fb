// The feedback of readers, over the generation of the demo: the form, thanks, and the page for editors.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditPage } from "./pages.mjs";
import { start } from "./server.mjs";

const TOKEN = "token-of-the-editors";

export async function auditFeedback(browser, { data }, check) {
  const folder = mkdtempSync(join(tmpdir(), "wegwijzer-feedback-"));
  const config = join(folder, "wegwijzer.toml");
  const lines = 'trusted_proxies = ["127.0.0.1"]\n[feedback]\neditor_token_file = "token"\n';
  writeFileSync(config, `data = ${JSON.stringify(data)}\n${lines}`);
  writeFileSync(join(folder, "token"), TOKEN);
  const service = await start(["--config", config], true);
  try {
    await auditForm(browser, service.address, check);
  } finally {
    service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function auditForm(browser, address, check) {
  const item = (await (await fetch(`${address}/article`)).text()).match(/<h3><a href="([^"]+)"/)[1];
  const authorization = `Bearer ${TOKEN}`;
  const reports = async () => {
    const headers = { authorization, accept: "application/json" };
    return (await (await fetch(`${address}/feedback`, { headers })).json()).today;
  };

  for (const javaScriptEnabled of [false, true]) {
    await check(`a vote is counted and thanked for, ${javaScriptEnabled ? "with" : "without"} script`, async () => {
      const before = await reports();
      const context = await browser.newContext({ javaScriptEnabled });
      const page = await context.newPage();
      await page.goto(`${address}/`);
      const words = javaScriptEnabled ? "begrijpelijke taal" : "brief";
      await page.fill("#q", words);
      if (!javaScriptEnabled) await page.click(".ask button");
      await page.waitForFunction((value) => document.querySelector("#count")?.textContent.includes(value), words);
      assert.match(await page.title(), /^Zoekresultaten voor/);
      await page.focus(".feedback button >> nth=0");
      await page.keyboard.press("Tab");
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(outline, "none");
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/feedback\/thanks/);
      assert.equal(await page.textContent("h1"), "Bedankt voor uw antwoord");
      await page.click("main .plain a >> nth=0");
      assert.equal(new URL(page.url()).searchParams.get("q"), words);
      const after = await reports();
      assert.equal(after.pages[0].no, before.pages[0].no + 1);
      assert.deepEqual(await context.cookies(), []);
      await context.close();
    });
  }

  await check("a form on another site is rejected", async () => {
    const before = await reports();
    const page = await browser.newPage();
    const form = `<form method="post" action="${address}/feedback"><input name="page" value="article">`
      + '<button name="found" value="yes">x</button></form>';
    await page.route("http://elsewhere.example/", (route) => route.fulfill({ contentType: "text/html", body: form }));
    await page.goto("http://elsewhere.example/");
    const [response] = await Promise.all([page.waitForResponse(/\/feedback$/), page.click("button")]);
    assert.equal(response.status(), 403);
    assert.deepEqual((await reports()).pages, before.pages);
    await page.close();
  });

  await check("print shows no form", async () => {
    const page = await browser.newPage();
    await page.emulateMedia({ media: "print" });
    for (const path of ["/?q=klantreis", item]) {
      await page.goto(address + path);
      assert.equal(await page.locator(".feedback").isVisible(), false, path);
    }
    await page.close();
  });

  await check("forced colours: the buttons have a border", async () => {
    const context = await browser.newContext({ forcedColors: "active" });
    const page = await context.newPage();
    await page.goto(`${address}/?q=klantreis`);
    const styles = await page.locator(".feedback button").evaluateAll((all) =>
      all.map((one) => getComputedStyle(one).borderStyle));
    assert.deepEqual(styles, ["solid", "solid"]);
    await context.close();
  });

  // Five clients, so that the page for editors has rows.
  for (const client of [1, 2, 3, 4, 5].map((number) => `192.0.2.${number}`)) {
    const headers = { "x-forwarded-for": client };
    const body = new URLSearchParams({ page: "?q=klantreis", found: client.endsWith("5") ? "no" : "yes" });
    await fetch(`${address}/feedback`, { method: "POST", headers, body });
    await fetch(`${address}/?q=qqqqzzzz`, { headers });
  }
  for (const path of ["/?q=klantreis", "/?q=qqqqzzzz", "/en/event", item, "/feedback/thanks?page=%3Fq%3Dbrief"]) {
    await auditPage(browser, address, path, check);
  }
  for (const path of ["/feedback", "/en/feedback"]) {
    await auditPage(browser, address, path, check, { authorization });
  }
}
