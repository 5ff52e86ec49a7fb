// The real program serving the demo on a free port, with its data in a temporary folder.

import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

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
    return this.#start(["--config", this.configure(settings)]);
  }

  /** Writes the configuration with `settings` added to it; its path. */
  configure(settings) {
    return this.write("wegwijzer.toml", `public_url = "http://127.0.0.1:8080/"\n${settings}`);
  }

  /** Runs a command on the data, as an operator does; throws with what it said where it fails. */
  async operate(command, ...flags) {
    const options = ["--config", this.path("wegwijzer.toml"), "--data", this.path("data")];
    try {
      await promisify(execFile)(program(), [command, ...flags, ...options]);
    } catch (error) {
      throw new Error(`${command}: ${error.stderr ?? error.message}`.trim());
    }
  }

  /** The number of the generation that was published last. */
  generation() {
    return Number(readFileSync(this.path("data/CURRENT"), "utf8"));
  }

  /** A path in the folder of the installation, which the configuration is in as well. */
  path(name) {
    return join(this.#folder, name);
  }

  /** Writes a file, such as one of a source; its path. */
  write(name, text) {
    const file = this.path(name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** Renames a file. */
  rename(from, to) {
    renameSync(this.path(from), this.path(to));
  }

  /** Deletes a file or a folder, such as `data`. */
  delete(name) {
    rmSync(this.path(name), { recursive: true });
  }

  /** Serves a supergraph of the fixtures, whose subgraphs are not there, and nothing besides. */
  serveSupergraph(topic) {
    const file = join(REPOSITORY, "fixtures/federation", `${topic}.graphql`);
    return this.#start(["--allow-private-addresses", "--supergraph", file], this.#folder);
  }

  async #start(choice, cwd = REPOSITORY) {
    const data = this.path("data");
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
