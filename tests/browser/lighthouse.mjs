// Lighthouse on one page of every sort: `node lighthouse.mjs PROGRAM`, where PROGRAM is its command.
// Accessibility, best practices and SEO must score 100; a page that search engines may not index has
// no score for SEO.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { samples } from "./pages.mjs";
import { startDemo } from "./server.mjs";

const CATEGORIES = ["accessibility", "best-practices", "seo"];
const folder = mkdtempSync(join(tmpdir(), "lighthouse-"));
const report = join(folder, "report.json");
const demo = await startDemo();
let failed = 0;

try {
  for (const path of await samples(demo.address)) {
    const response = await fetch(demo.address + path);
    if (!response.ok) continue;
    const isIndexable = !(await response.text()).includes('name="robots" content="noindex');
    await promisify(execFile)(process.argv[2], [
      demo.address + path, "--quiet", `--only-categories=${CATEGORIES}`, "--output=json", `--output-path=${report}`,
      "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    ], { env: { CHROME_PATH: process.env.CHROMIUM ?? "/usr/bin/chromium", ...process.env } });
    const { categories, audits } = JSON.parse(readFileSync(report, "utf8"));
    const names = CATEGORIES.filter((name) => isIndexable || name !== "seo");
    const scores = names.map((name) => `${name} ${Math.round(categories[name].score * 100)}`);
    const isPerfect = names.every((name) => categories[name].score === 1);
    failed += isPerfect ? 0 : 1;
    const bytes = Math.round(audits["total-byte-weight"]?.numericValue ?? 0);
    console.log(`${isPerfect ? "ok    " : "FAILED"}  ${path}: ${scores.join(", ")}${bytes ? `; ${bytes} bytes` : ""}`);
  }
} finally {
  demo.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed ? `${failed} failed` : "passed");
process.exit(failed ? 1 : 0);
