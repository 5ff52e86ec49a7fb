// The program serving its demo on a free port, with its data in a temporary folder.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const PROGRAM = process.env.WEGWIJZER ?? join(ROOT, "target/debug/wegwijzer");

/** Starts the demo; resolves once it is ready. */
export async function startDemo() {
  const data = mkdtempSync(join(tmpdir(), "wegwijzer-browser-"));
  const demo = await start(["--demo", "--data", data]);
  const stop = () => {
    demo.stop();
    rmSync(data, { recursive: true, force: true });
  };
  return { ...demo, data, stop };
}

/** Starts the program with arguments, optionally with its own address as the public one; resolves once it is ready. */
export async function start(arguments_, hasOwnAddress = false) {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const env = { ...process.env, ...(hasOwnAddress && { WEGWIJZER_PUBLIC_URL: `${address}/` }) };
  const process_ = spawn(
    PROGRAM,
    ["serve", ...arguments_, "--listen", `127.0.0.1:${port}`],
    { cwd: ROOT, stdio: "ignore", env },
  );
  const ended = new Promise((resolve) => process_.once("exit", resolve));
  const stop = () => process_.kill();
  for (let attempt = 0; attempt < 240; attempt += 1) {
    const ready = await fetch(`${address}/health/ready`).catch(() => undefined);
    if (ready?.ok) return { address, stop, ended };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  stop();
  throw new Error(`${PROGRAM} does not become ready`);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
