// Where things lie, and the example operations that all tools read.

import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
/** The contract as it is now. */
export const SCHEMA = join(REPOSITORY, "schema/schema.graphql");
/** This folder. */
export const HERE = fileURLToPath(new URL(".", import.meta.url));
/** What the tools write; removed before each run. */
export const OUTPUT = join(HERE, "generated");

/** The example operations: their names and texts. */
export function operations() {
  const folder = join(REPOSITORY, "fixtures/queries");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".graphql"))
    .map((file) => ({
      name: basename(file, ".graphql"),
      text: readFileSync(join(folder, file), "utf8"),
    }));
}
