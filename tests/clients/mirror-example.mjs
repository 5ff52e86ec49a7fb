// The mirror of the examples against a server whose sources change: after every step, the copy must
// be what the server serves, record by record.

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";

import { Installation } from "./server.mjs";

/** Two sources of articles, of which one may repeat what the other has; and pages of 3 items. */
const SOURCES = `
[limits]
page_size_max = 3

[[source]]
name = "blog"
kind = "markdown"
path = "sources"
include = ["blog/*.md"]
pattern = "blog/{slug}.md"
url = "https://www.example.nl/blog/{slug}/"
language = "EN"
constants = { kind = "article", form = "BLOG" }

[[source]]
name = "other"
kind = "markdown"
path = "sources"
include = ["other/*.md"]
pattern = "other/{slug}.md"
language = "EN"
`;

/** What the example copies of a record. */
const CONTENT = `
  __typename id title url summary language bodyHtml
  publishedAt { date }
  modifiedAt { date }
  communities { id }
  ... on Article { articleForm: form }
  ... on Toolkit { toolkitForm: form }
  ... on Event { eventForm: form start { date instant } }
`;

const LISTS = ["articles", "toolkits", "communities", "events"];

/** A Markdown file with front matter. */
function page(title, fields = {}) {
  const lines = Object.entries({ title, ...fields }).map(([name, value]) => `${name}: ${value}`);
  return `---\n${lines.join("\n")}\n---\n\n${title}, in a few words.\n`;
}

/** Mirrors through all that can happen to a knowledge base; tells what was compared. */
export async function checkMirror(examples) {
  const installation = new Installation();
  const trial = new Trial(examples, installation);
  try {
    const steps = await trial.run();
    return `${steps} steps, ${trial.compared} records compared`;
  } finally {
    await trial.stop();
    installation.remove();
  }
}

class Trial {
  compared = 0;
  #steps = 0;
  #examples;
  #installation;
  #server;
  #file;
  /** Every id that was ever in the copy. */
  #ids = new Set();

  constructor(examples, installation) {
    this.#examples = examples;
    this.#installation = installation;
    this.#file = installation.path("mirror.json");
  }

  async run() {
    const sources = this.#installation;
    for (const slug of ["a", "b", "c", "d", "e"]) {
      sources.write(`sources/blog/${slug}.md`, page(`Blog ${slug}`, { published_at: "2026-01-02" }));
    }
    const community = page("Plain Language", { kind: "community" });
    const event = page("Open day", { kind: "event", start: "2026-05-01T10:00", themes: "[letters]" });
    const repeated = (url) => page("Blog e, elsewhere", { kind: "article", form: "NEWS", url });
    sources.write("sources/other/plain-language.md", community);
    sources.write("sources/other/open-day.md", event);
    sources.write("sources/other/toolkit.md", page("Letter kit", { kind: "toolkit", form: "TOOLKIT" }));
    sources.write("sources/other/e.md", repeated("https://www.example.nl/other/e/"));
    sources.configure(SOURCES);
    await sources.operate("index");
    this.#server = await sources.serve(SOURCES);
    await this.#step("full copy", { records: 9 });
    await this.#step("nothing changed", { records: 9, changes: 0 });

    sources.write("sources/blog/a.md", page("Blog A", { communities: "[Plain Language]" }));
    sources.delete("sources/blog/b.md");
    sources.rename("sources/blog/c.md", "sources/blog/c2.md");
    sources.write("sources/blog/f.md", page("Blog f"));
    sources.write("sources/other/plain-language.md", page("Plain Speech", { kind: "community" }));
    await this.#publish("index");
    await this.#step("edited, deleted, renamed, added", { records: 9 });

    sources.write("sources/blog/d.md", page("Blog d", { draft: true }));
    await this.#publish("index");
    await this.#step("unpublished", { records: 8 });

    sources.write("sources/other/e.md", repeated("https://www.example.nl/blog/e/"));
    await this.#publish("index");
    await this.#step("merged", { records: 7 });

    await this.#publish("rollback");
    await this.#step("rolled back", { records: 8 });
    await this.#publish("rollback", "2");
    await this.#step("rolled back further", { records: 9 });
    await sources.operate("index").then(
      () => Promise.reject(new Error("published on hold")),
      () => {},
    );
    await this.#step("on hold", { records: 9, changes: 0 });
    await sources.operate("resume");
    await this.#publish("index");
    await this.#step("resumed", { records: 7 });
    await this.#publish("index", "--full");
    const followed = await this.#step("built in full", { records: 7, changes: 0 });

    rmSync(this.#file);
    const copied = await this.#step("copied again", { records: 7 });
    deepStrictEqual(copied, followed, "a copy that followed differs from one that did not");

    const { position, ...rest } = JSON.parse(readFileSync(this.#file, "utf8"));
    const invalid = { ...rest, position: { ...position, cursor: "of another version" } };
    writeFileSync(this.#file, JSON.stringify(invalid));
    await this.#step("invalid cursor", { records: 7, anew: true });

    // With fewer changes than before, and then with other changes at the same positions.
    for (const title of ["Built anew", "Built anew, twice"]) {
      await this.#failWithoutServer();
      await this.#nextSecond();
      sources.write("sources/blog/e.md", page(title));
      sources.delete("data");
      await sources.operate("index");
      this.#server = await sources.serve(SOURCES);
      await this.#step(title, { records: 7, anew: true });
    }
    return this.#steps;
  }

  /** Publishes a generation, and waits until the server serves it. */
  async #publish(...command) {
    await this.#installation.operate(...command);
    const published = this.#installation.generation();
    for (;;) {
      const { catalog } = await this.#query("{ catalog { generation } }");
      if (catalog.generation === published) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Runs the mirror, and compares its copy with the server. */
  async #step(name, { records, changes, anew = false }) {
    this.#steps += 1;
    try {
      const { code, stdout, stderr } = await this.#mirror();
      strictEqual(code, 0, stderr);
      strictEqual(stderr.startsWith("copying everything"), anew, stderr);
      const [, applied, size] = /^(\d+) changes applied, (\d+) records$/.exec(stdout.trim());
      strictEqual(Number(size), records);
      if (changes !== undefined) strictEqual(Number(applied), changes);
      return await this.#compare();
    } catch (error) {
      throw new Error(`${name}: ${error.message}`);
    }
  }

  #mirror() {
    return this.#examples.run("mirror", this.#server.url, this.#file);
  }

  /** The copy, if it is what the lists and `nodes` have. */
  async #compare() {
    const copied = JSON.parse(readFileSync(this.#file, "utf8")).records;
    const copy = new Map(copied.map((record) => [record.id, record]));
    const served = new Map((await this.#lists()).map((record) => [record.id, record]));
    deepStrictEqual(copy, served, "the copy differs from the lists");
    this.compared += copy.size;
    for (const id of copy.keys()) this.#ids.add(id);
    for (const id of this.#ids) {
      const { node } = await this.#query(`{ node(id: "${id}") { ...on Content { ${CONTENT} } } }`);
      // The id of a merged record is that of the remaining record as well.
      deepStrictEqual(node ?? undefined, copy.get(id) ?? copy.get(node?.id));
    }
    return copy;
  }

  async #lists() {
    const records = [];
    for (const list of LISTS) {
      for (let after = null, hasNextPage = true; hasNextPage; ) {
        const page = `nodes { ...on Content { ${CONTENT} } } pageInfo { hasNextPage endCursor }`;
        const text = `query ($after: String) { ${list}(first: 2, after: $after) { ${page} } }`;
        const { nodes, pageInfo } = (await this.#query(text, { after }))[list];
        records.push(...nodes);
        ({ hasNextPage, endCursor: after } = pageInfo);
      }
    }
    return records;
  }

  async #query(query, variables = {}) {
    const response = await fetch(this.#server.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].message);
    return data;
  }

  /** Stops the server; without one, the mirror must fail and keep its copy. */
  async #failWithoutServer() {
    await this.stop();
    const before = statSync(this.#file).mtimeMs;
    const { code } = await this.#mirror();
    strictEqual(code, 1, "the mirror must fail without a server");
    strictEqual(statSync(this.#file).mtimeMs, before, "the copy must remain");
  }

  /** Waits until a build has another time than the one before: times are in whole seconds. */
  async #nextSecond() {
    await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));
  }

  async stop() {
    await this.#server?.stop();
  }
}
