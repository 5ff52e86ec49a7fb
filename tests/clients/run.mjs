// A tool from `node_modules`, or a program by its path, run to its end.

import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

import { HERE } from "./operations.mjs";

const TOOLS = join(HERE, "node_modules/.bin");

/** What a tool prints in a folder; throws with it where the tool fails. */
export async function run(folder, tool, ...flags) {
  try {
    const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" };
    const { stdout } = await promisify(execFile)(resolve(TOOLS, tool), flags, { cwd: folder, env });
    return stdout;
  } catch (error) {
    throw new Error(`${tool}: ${error.stdout ?? ""}${error.stderr ?? error.message}`.trim());
  }
}
