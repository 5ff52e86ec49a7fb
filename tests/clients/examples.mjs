// The example programs of `gateway/docs/clients.md`: a frontend project with its generated types,
// compiled, bundled and run.

import { spawn } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { transformAsync } from "@babel/core";
import relayPlugin from "babel-plugin-relay";
import { build } from "esbuild";

import { HERE, SCHEMA } from "./operations.mjs";
import { run } from "./run.mjs";

/** The examples, each with the module that it starts with. */
const PROGRAMS = {
  fetch: "fetch/search.ts",
  apollo: "apollo/search.ts",
  urql: "urql/search.ts",
  relay: "relay/main.tsx",
  mirror: "mirror/mirror.ts",
};

/** An example that runs longer is stopped, and has no exit code. */
const TIMEOUT_MS = 60_000;

/** The project, in a temporary folder: relay-compiler hands what it writes to git. */
export class Examples {
  #folder = mkdtempSync(join(tmpdir(), "wegwijzer-examples-"));

  /** Generates the types, compiles in strict mode, and bundles every example. */
  async build() {
    cpSync(join(HERE, "examples"), this.#folder, { recursive: true });
    symlinkSync(join(HERE, "node_modules"), join(this.#folder, "node_modules"));
    copyFileSync(SCHEMA, join(this.#folder, "schema.graphql"));
    await run(this.#folder, "graphql-codegen", "--config", "codegen.ts");
    await run(join(this.#folder, "relay"), "relay-compiler", "relay.config.json");
    await run(this.#folder, "tsc", "--noEmit");
    await build({
      entryPoints: PROGRAMS,
      absWorkingDir: this.#folder,
      outdir: "built",
      outExtension: { ".js": ".mjs" },
      bundle: true,
      format: "esm",
      platform: "node",
      // The warnings of the libraries, which a test must see.
      conditions: ["development"],
      plugins: [relay],
      logLevel: "silent",
    });
    return `${Object.keys(PROGRAMS).length} programs with generated types, strict`;
  }

  /** Runs an example to its end: its exit code and what it printed. */
  run(name, ...flags) {
    const file = join(this.#folder, "built", `${name}.mjs`);
    const program = name === "relay" ? [join(HERE, "browser.mjs"), file] : [file];
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [...program, ...flags], { timeout: TIMEOUT_MS });
      const output = { stdout: "", stderr: "" };
      for (const stream of ["stdout", "stderr"]) {
        child[stream].setEncoding("utf8").on("data", (text) => (output[stream] += text));
      }
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, ...output }));
    });
  }

  /** Removes the project. */
  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Replaces the tags of Relay by what its compiler made of them, as a frontend's build does. */
const relay = {
  name: "relay",
  setup({ onLoad }) {
    onLoad({ filter: /\/relay\/\w+\.tsx$/ }, async ({ path }) => {
      const { code } = await transformAsync(readFileSync(path, "utf8"), {
        filename: path,
        configFile: false,
        babelrc: false,
        parserOpts: { plugins: ["typescript", "jsx"] },
        plugins: [[relayPlugin, { eagerEsModules: true }]],
      });
      return { contents: code, loader: "tsx" };
    });
  },
};
