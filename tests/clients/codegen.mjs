// graphql-codegen's client preset over the example operations, `tsc --strict` over what it writes
// and over a file that uses it, and that file's own run against the server.

import { join } from "node:path";

import { generate } from "@graphql-codegen/cli";

import { HERE, OUTPUT, REPOSITORY, SCHEMA, operations } from "./operations.mjs";
import { run } from "./run.mjs";

/** Generates types, compiles them and runs what uses them; tells what that printed. */
export async function generateTypes(url) {
  const types = join(OUTPUT, "types/");
  const files = await generate(
    {
      schema: SCHEMA,
      documents: join(REPOSITORY, "fixtures/queries/*.graphql"),
      generates: {
        [types]: {
          preset: "client",
          config: {
            documentMode: "string",
            importExtension: ".js",
            scalars: { Date: "string", DateTime: "string", URL: "string" },
            strictScalars: true,
            useTypeImports: true,
          },
        },
      },
      silent: true,
    },
    true,
  );
  await run(HERE, "tsc");
  const usage = join(OUTPUT, "compiled/usage.js");
  const stdout = await run(HERE, process.execPath, usage, url);
  return `${operations().length} operations in ${files.length} files; ${stdout.trim()}`;
}
