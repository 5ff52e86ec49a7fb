// GraphiQL as it was built: it answers a question, loads nothing from elsewhere and keeps nothing.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export async function auditGraphiql(browser, { address }, check) {
  if (!existsSync(`${ROOT}gateway/graphiql/built/graphiql.js`)) {
    await check("GraphiQL", () => {
      const message = "GraphiQL is not built: npm --prefix gateway/graphiql run build";
      assert.ok(!process.env.REQUIRE_BROWSER, message);
      console.log(`skipped: ${message}`);
    });
    return;
  }
  await check("GraphiQL: the example operations in tabs, one of them executed, nothing stored", async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const [elsewhere, complaints] = [[], []];
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(address)) elsewhere.push(request.url());
    });
    page.on("console", (message) => {
      if (message.type() === "error" || /Content Security Policy|Refused/.test(message.text())) {
        complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`${address}/graphiql`);
    await page.waitForSelector(".graphiql-query-editor .view-line", { timeout: 30_000 });
    const operations = readdirSync(`${ROOT}fixtures/queries`).filter((file) => file.endsWith(".graphql"));
    assert.equal(await page.locator(".graphiql-tab").count(), operations.length);
    await page.locator(".graphiql-tab-button", { hasText: "Agenda" }).first().click();
    await page.click(".graphiql-execute-button");
    await page.waitForFunction(
      () => document.querySelector(".graphiql-response")?.textContent.includes("totalCount"),
      undefined,
      { timeout: 15_000 },
    );
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(complaints, []);
    assert.deepEqual(await context.cookies(), []);
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/graphiql.png` });
    await context.close();
  });
}
