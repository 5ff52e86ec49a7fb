// Supergraphs of the fixtures are what Apollo's composer makes of the schemas beside them.
//
//   node supergraphs.mjs --write     after a schema was changed
//
// Apollo's packages stand under the Elastic Licence 2.0. They judge here; nothing of them ships.

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

import { REPOSITORY } from "./operations.mjs";

const FOLDERS = ["fixtures/federation", "fixtures/federation/rejected", "fixtures/town"];

/** The subgraphs of a file, whose schemas stand between `'''` after their names. */
function subgraphs(file) {
  const found = readFileSync(file, "utf8").matchAll(/^\[subgraph\.([\w-]+)\]\nsdl = '''\n(.*?)'''$/gms);
  return [...found].map(([, name, sdl]) => ({
    name,
    url: `http://${name}.test/graphql`,
    typeDefs: parse(sdl),
  }));
}

function composed(file) {
  const { supergraphSdl, errors } = composeServices(subgraphs(file));
  if (errors?.length) throw new Error(errors.map((it) => it.message).join("; "));
  return `${supergraphSdl.trim()}\n`;
}

/** Composes each file, and compares with what is there or writes it. */
export function compareSupergraphs(write = false) {
  const errors = [];
  let count = 0;
  for (const folder of FOLDERS.map((folder) => join(REPOSITORY, folder))) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".toml")).sort()) {
      const target = join(folder, file.replace(".toml", ".graphql"));
      count += 1;
      try {
        const text = composed(join(folder, file));
        if (existsSync(target) && readFileSync(target, "utf8") === text) continue;
        if (write) {
          writeFileSync(target, text);
          console.log(`written: ${target}`);
        } else {
          errors.push(`${file}: composition differs`);
        }
      } catch (error) {
        errors.push(`${file}: ${error.message}`);
      }
    }
  }
  if (errors.length > 0) throw new Error(["", ...errors].join("\n  "));
  return `${count} supergraphs, as Apollo composes them`;
}

if (process.argv[1] === import.meta.filename) {
  console.log(compareSupergraphs(process.argv.includes("--write")));
}
