// The real program serving the demo on a free port, with its data in a temporary folder.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

import { REPOSITORY } from "./operations.mjs";

/** The program that is judged. */
export function program() {
  const target = process.env.CARGO_TARGET_DIR ?? "target";
  return process.env.WEGWIJZER_BIN
    ? resolve(process.env.WEGWIJZER_BIN)
    : resolve(REPOSITORY, target, "debug", "wegwijzer");
}

/** One data folder, and servers over it. */
export class Installation {
  #folder = mkdtempSync(join(tmpdir(), "wegwijzer-clients-"));

  /** Builds the demo and serves it as it comes. */
  serveDemo() {
    return this.#start(["--demo"]);
  }

  /** Serves the data that `serveDemo` has built, with `settings` added to the configuration. */
  serve(settings) {
    const file = join(this.#folder, "wegwijzer.toml");
    writeFileSync(file, `public_url = "http://127.0.0.1:8080/"\n${settings}`);
    return this.#start(["--config", file]);
  }

  /** Serves a supergraph of the fixtures, whose subgraphs are not there, and nothing besides. */
  serveSupergraph(topic) {
    const file = join(REPOSITORY, "fixtures/federation", `${topic}.graphql`);
    return this.#start(["--supergraph", file], this.#folder);
  }

  async #start(choice, cwd = REPOSITORY) {
    const data = join(this.#folder, "data");
    const flags = ["serve", ...choice, "--data", data, "--listen", "127.0.0.1:0"];
    const child = spawn(program(), flags, {
      cwd,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    // Whatever ends this process ends the server.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    const address = await new Promise((resolve, reject) => {
      const lines = [];
      child.once("error", reject);
      createInterface({ input: child.stderr }).on("line", (line) => {
        lines.push(line);
        const found = /listening address=(\S+)/.exec(line);
        if (found) resolve(found[1]);
      });
      ended.then(() => reject(new Error(`the server ended: ${lines.slice(-3).join(" ")}`)));
    });
    const stop = async () => {
      process.off("exit", kill);
      child.kill();
      await ended;
    };
    return { url: `http://${address}/graphql`, stop };
  }

  /** Removes the data. */
  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
