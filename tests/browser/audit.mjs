// Runs every check against the demo, in one browser. Ends with 1 where one fails.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { auditConfigurator } from "./configurator.mjs";
import { auditElements } from "./elements.mjs";
import { auditDefects } from "./defects.mjs";
import { auditExtremes } from "./extremes.mjs";
import { auditFeedback } from "./feedback.mjs";
import { auditGraphiql } from "./graphiql.mjs";
import { startDemo } from "./server.mjs";
import { auditPages } from "./pages.mjs";
import { auditRobots } from "./robots.mjs";
import { auditJourneys } from "./journeys.mjs";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(executablePath)) {
  console.log(`skipped: no browser at ${executablePath}`);
  process.exit(0);
}

const demo = await startDemo();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const failures = [];

/** Runs one check; what it throws is told and counted. */
async function check(name, run) {
  try {
    await run();
    console.log(`ok      ${name}`);
  } catch (failure) {
    failures.push(name);
    console.log(`FAILED  ${name}\n        ${String(failure.message ?? failure).replaceAll("\n", "\n        ")}`);
  }
}

try {
  await auditPages(browser, demo, check);
  await auditDefects(browser, demo, check);
  await auditExtremes(browser, demo, check);
  await auditJourneys(browser, demo, check);
  await auditRobots(demo, check);
  await auditGraphiql(browser, demo, check);
  await auditElements(browser, demo, check);
  await auditConfigurator(browser, demo, check);
  await auditFeedback(browser, demo, check);
} finally {
  await browser.close();
  demo.stop();
}
console.log(failures.length ? `${failures.length} failed` : "passed");
process.exit(failures.length ? 1 : 0);
