// relay-compiler over the example operations, each as the module that a Relay team would keep.

import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SCHEMA, operations } from "./operations.mjs";
import { run } from "./run.mjs";

/** Compiles every operation; each must give its artifact. */
export async function compileForRelay() {
  // Not in the repository: relay-compiler hands what it writes to git.
  const folder = mkdtempSync(join(tmpdir(), "wegwijzer-relay-"));
  try {
    return await compileIn(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compileIn(folder) {
  const artifacts = join(folder, "artifacts");
  mkdirSync(artifacts);
  const all = operations();
  for (const { name, text } of all) {
    // A backtick in a comment would end the tag.
    const bare = text.replaceAll(/^#.*\n/gm, "");
    writeFileSync(join(folder, `${name}.ts`), `graphql\`${bare}\`;\n`);
  }
  copyFileSync(SCHEMA, join(folder, "schema.graphql"));
  const config = {
    src: ".",
    schema: "schema.graphql",
    language: "typescript",
    artifactDirectory: "artifacts",
  };
  writeFileSync(join(folder, "relay.config.json"), JSON.stringify(config));
  // It says 0 as well where it could not read a module, so that its artifacts are what counts.
  await run(folder, "relay-compiler", "relay.config.json");
  const files = readdirSync(artifacts);
  const missing = all.filter(({ name }) => !files.includes(`${name}Query.graphql.ts`));
  if (all.length === 0 || missing.length > 0) {
    throw new Error(`no artifact of ${missing.map(({ name }) => name).join(", ")}`);
  }
  return `${all.length} operations, ${files.length} artifacts`;
}
