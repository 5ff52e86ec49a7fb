// The code blocks of `gateway/docs/clients.md` whose fence names a file: each must be that file. The
// packages that it installs must be those of `package.json`.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { HERE, REPOSITORY } from "./operations.mjs";

const MANUAL = "gateway/docs/clients.md";
/** A fence with a language and a file. */
const FENCE = /^```\w+ (?<file>\S+)$/;

/** A package with its version, as `npm install` takes it. */
const PACKAGE = /(?<name>(?:@[\w-]+\/)?[\w-]+)@(?<version>\d[\w.-]*)/g;

/** The blocks of a manual that name a file: their first lines, counted from 1, and their texts. */
function blocks(manual) {
  const lines = manual.split("\n");
  return lines.flatMap((line, index) => {
    const file = FENCE.exec(line)?.groups.file;
    if (file === undefined) return [];
    const end = lines.indexOf("```", index);
    return [{ file, line: index + 2, text: lines.slice(index + 1, end) }];
  });
}

/** Where a block differs from its file. */
function difference({ file, line, text }, content) {
  const lines = content.replace(/\n$/, "").split("\n");
  const at = Array.from({ length: Math.max(lines.length, text.length) }).findIndex(
    (_, n) => lines[n] !== text[n],
  );
  if (at < 0) return [];
  const shown = (it) => (it === undefined ? "the end" : `\`${it}\``);
  return [`${MANUAL}:${line + at} has ${shown(text[at])}, ${file}:${at + 1} has ${shown(lines[at])}`];
}

/** The differences between a manual and files, and the files that it does not show. */
function compare(manual, files) {
  const shown = blocks(manual);
  const names = shown.map(({ file }) => file);
  return [
    ...shown.flatMap((block) =>
      block.file in files
        ? difference(block, files[block.file])
        : [`${MANUAL}:${block.line - 1} names \`${block.file}\`, which is not an example`],
    ),
    ...Object.keys(files)
      .filter((file) => !names.includes(file))
      .map((file) => `${MANUAL} does not show ${file}`),
  ];
}

/** The packages that a manual installs in another version than the one that is tested. */
function untested(manual, versions) {
  return manual.split("\n").flatMap((line, index) =>
    [...line.matchAll(PACKAGE)]
      .filter(({ groups }) => versions[groups.name] !== groups.version)
      .map(({ 0: it, groups }) => {
        const tested = versions[groups.name] ?? "nothing";
        return `${MANUAL}:${index + 1} installs ${it}, package.json has ${tested}`;
      }),
  );
}

/** The same over texts that differ: a check that never fails is none. */
function checkItself() {
  const cases = [
    ["```ts a.ts\none\ntwo\n```\n", { "a.ts": "one\ntwo\n" }, []],
    ["\n```ts a.ts\none\n```\n", { "a.ts": "one\ntwo\n" }, [`${MANUAL}:4 has the end, a.ts:2 has \`two\``]],
    ["```ts a.ts\none\n```\n", { "a.ts": "One\n" }, [`${MANUAL}:2 has \`one\`, a.ts:1 has \`One\``]],
    ["```ts b.ts\n```\n", {}, [`${MANUAL}:1 names \`b.ts\`, which is not an example`]],
    ["```ts\none\n```\n", { "a.ts": "one\n" }, [`${MANUAL} does not show a.ts`]],
    ["npm install @a/b@1.2.3 c@2.0.0\n", {}, [`${MANUAL}:1 installs c@2.0.0, package.json has 1.0.0`]],
  ];
  const versions = { "@a/b": "1.2.3", c: "1.0.0" };
  for (const [manual, files, expected] of cases) {
    const errors = [...compare(manual, files), ...untested(manual, versions)];
    if (JSON.stringify(errors) !== JSON.stringify(expected)) {
      throw new Error(`self-check: ${JSON.stringify(errors)}, not ${JSON.stringify(expected)}`);
    }
  }
}

/** Compares the manual with the examples. */
export function compareManual() {
  checkItself();
  const names = readdirSync(join(HERE, "examples"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(HERE.length));
  const files = Object.fromEntries(
    names.map((name) => [join("tests/clients", name), readFileSync(join(HERE, name), "utf8")]),
  );
  const manual = readFileSync(join(REPOSITORY, MANUAL), "utf8");
  const { devDependencies } = JSON.parse(readFileSync(join(HERE, "package.json"), "utf8"));
  const errors = [...compare(manual, files), ...untested(manual, devDependencies)];
  if (errors.length > 0) throw new Error(["", ...errors].join("\n  "));
  const packages = [...manual.matchAll(PACKAGE)].length;
  return `${names.length} examples as they are, ${packages} packages as tested`;
}
