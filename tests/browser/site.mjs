// Opens pages of another site and prints what the elements in them show: `node site.mjs ADDRESS …`.
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
for (const address of process.argv.slice(2)) {
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(address);
  const results = page.locator("wegwijzer-search, wegwijzer-agenda").locator(".wegwijzer-results");
  await results.first().waitFor({ timeout: 15_000 }).catch((error) => errors.push(error.message));
  const texts = await results.locator(".wegwijzer-count").allTextContents();
  const items = await results.locator(".wegwijzer-item").count();
  console.log(JSON.stringify({ elements: texts.length, items, text: texts.join(" "), errors }));
  await page.close();
}
await browser.close();
