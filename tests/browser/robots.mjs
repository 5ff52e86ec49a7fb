// What robots read, by parsers that we did not write: JSON-LD, the map of the site, security.txt.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import jsonld from "jsonld";
import { parseSitemap } from "sitemap";
import { start } from "./server.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** The address that the demo is configured with. */
const PUBLIC = "http://127.0.0.1:8080";

/** schema.org as a context: its terms are the names of its vocabulary. The net is never asked. */
async function documentLoader(url) {
  assert.equal(url, "https://schema.org", "a context from elsewhere");
  const document = { "@context": { "@vocab": "https://schema.org/", id: "@id", type: "@type" } };
  return { contextUrl: null, documentUrl: url, document };
}

export async function auditRobots({ address, data }, check) {
  let items = [];
  await check("sitemap.xml: read by a parser, each address is a page of ours", async () => {
    const response = await fetch(`${address}/sitemap.xml`);
    assert.match(response.headers.get("content-type"), /^application\/xml/);
    items = await parseSitemap(Readable.from([await response.text()]));
    assert.ok(items.length > 200, `${items.length}`);
    assert.equal(new Set(items.map((item) => item.url)).size, items.length, "an address is listed twice");
    for (const item of items) {
      assert.ok(item.url.startsWith(`${PUBLIC}/`), item.url);
      if (item.lastmod) assert.ok(!Number.isNaN(Date.parse(item.lastmod)), item.lastmod);
    }
  });

  await check("JSON-LD: expanded by jsonld, and held to the types of schema.org", async () => {
    const documents = [];
    for (const { url } of items) {
      const html = await (await fetch(url.replace(PUBLIC, address))).text();
      const found = html.match(/<script type="application\/ld\+json">(.*?)<\/script>/s)?.[1];
      if (!found) continue;
      const document = JSON.parse(found);
      const [expanded, ...more] = await jsonld.expand(document, { documentLoader, safe: true });
      assert.deepEqual(more, [], url);
      assert.equal(expanded["@id"], url);
      assert.match(expanded["@type"][0], /^https:\/\/schema\.org\/[A-Z]/, url);
      documents.push(document);
    }
    assert.ok(documents.length > 200, `${documents.length}`);
    assert.deepEqual(typeErrors(documents), []);
  });

  await check("security.txt: without a contact it is 404 and says how to configure it", async () => {
    const response = await fetch(`${address}/.well-known/security.txt`);
    assert.equal(response.status, 404);
    assert.match(await response.text(), /\[security\]/);
  });

  await check("security.txt: with a contact, read by the parser of the Digital Trust Center", async () => {
    const python = process.env.SECTXT_PYTHON ?? "python3";
    if (spawnSync(python, ["-c", "import sectxt"]).status !== 0) {
      assert.ok(!process.env.SECTXT_PYTHON, "`SECTXT_PYTHON` has no sectxt");
      console.log("skipped: install sectxt from PyPI, and name its python in `SECTXT_PYTHON`");
      return;
    }
    const folder = mkdtempSync(join(tmpdir(), "wegwijzer-security-"));
    const config = join(folder, "wegwijzer.toml");
    writeFileSync(config, `public_url = "https://zoeken.example.nl/"\ndata = ${JSON.stringify(data)}\n${CONTACT}`);
    const program = await start(["--config", config]);
    try {
      const text = await (await fetch(`${program.address}/.well-known/security.txt`)).text();
      const result = spawnSync(python, ["-c", PARSE], { input: text, encoding: "utf8" });
      const { errors, fields } = JSON.parse(result.stdout);
      assert.deepEqual(errors, []);
      assert.deepEqual(fields, ["contact", "contact", "expires", "preferred-languages", "canonical"]);
    } finally {
      program.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

const CONTACT = '[security]\ncontact = ["https://www.example.nl/melden", "mailto:melden@example.nl"]\n';

/** What sectxt finds wrong with a text, and the fields that it reads in it. */
const PARSE = `
import json, sys
from sectxt import Parser
read = Parser(sys.stdin.buffer.read())
fields = [line["field_name"].lower() for line in read.lines if line.get("field_name")]
print(json.dumps({"errors": [one["code"] for one in read.errors], "fields": fields}))
`;

/** What TypeScript says of documents as values of the types that schema.org's own vocabulary gives. */
function typeErrors(documents) {
  const folder = mkdtempSync(join(HERE, "generated-"));
  try {
    const values = documents.map((document, index) => {
      const type = document["@type"];
      return `export const d${index}: WithContext<Exclude<S.${type}, string>> = ${JSON.stringify(document)};`;
    });
    const text = `import type * as S from "schema-dts";\nimport type { WithContext } from "schema-dts";\n${values.join("\n")}\n`;
    writeFileSync(join(folder, "documents.ts"), text);
    const compiler = join(HERE, "node_modules/.bin/tsc");
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"];
    const result = spawnSync(compiler, [...options, join(folder, "documents.ts")], { encoding: "utf8" });
    return result.stdout.split("\n").filter((line) => line !== "").slice(0, 10);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
