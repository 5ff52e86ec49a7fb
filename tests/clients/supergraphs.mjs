// Supergraphs of the fixtures are what Apollo's composer makes of the schemas beside them.
//
//   node supergraphs.mjs --write     after a schema was changed
//
// Apollo's packages stand under the Elastic Licence 2.0. They judge here; nothing of them ships.

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { composeServices } from "@apollo/composition";
import { parse, print } from "graphql";

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

/** Cases that only one of the composers accepts, by their names in `fixtures/composition`. */
const DIFFERENCES = new Map([
  // More tolerant: each level of a list is merged by itself, and a common union of two objects counts.
  ["list nullability", "ours"],
  ["list crossed", "ours"],
  ["argument required wins", "ours"],
  ["three types", "ours"],
  // More tolerant: directives without an import, versions that Apollo's package does not know yet.
  ["custom", "ours"],
  ["cost shared", "ours"],
  ["oneof", "ours"],
  ["old version", "ours"],
  ["key commas", "ours"],
  ["comments", "ours"],
  ["no context renamed", "theirs"],
  ["no policy", "theirs"],
  ["no progressive override", "theirs"],
  ["no connect", "theirs"],
  ["no subscription", "theirs"],
  // Stricter: a type with the name of a root type that is none would become a root of the supergraph.
  ["no root that the schema does not list", "theirs"],
]);

/** The types and fields of a text with their `@join__…` directives, in one order. */
function elements(text) {
  const found = new Set();
  for (const definition of parse(text).definitions) {
    const name = definition.name?.value ?? "schema";
    if (/^(join|link)__/.test(name) || !/^(Object|Interface|Union|Enum|Input)/.test(definition.kind)) continue;
    for (const one of [definition, ...(definition.fields ?? []), ...(definition.values ?? [])]) {
      const element = one === definition ? name : `${name}.${one.name.value}: ${one.type ? print(one.type) : ""}`;
      const joins = one.directives.filter((it) => it.name.value.startsWith("join__"));
      const sorted = (it) => [...it.arguments].map(print).sort().join(", ").replaceAll("n, o", "n o");
      found.add(`${element} ${joins.map((it) => `${it.name.value}(${sorted(it)})`).sort().join(" ")}`);
    }
  }
  return [...found].sort().join("\n");
}

/** The cases of `fixtures/composition` have the results of Apollo's composer, but for `DIFFERENCES`. */
export function compareRules() {
  const errors = [];
  let count = 0;
  const folder = join(REPOSITORY, "fixtures/composition");
  for (const file of readdirSync(folder)) {
    const cases = readFileSync(join(folder, file), "utf8").split("[[case]]\n").slice(1);
    for (const text of cases) {
      const name = /^name = "(.*)"$/m.exec(text)[1];
      const types = /^types = '''\n(.*?)'''/ms.exec(text)?.[1];
      const sdls = text.split("[case.subgraphs]\n")[1].matchAll(/^(\w+) = '''\n(.*?)'''$/gms);
      count += 1;
      let theirs;
      try {
        const services = [...sdls].map(([, name, sdl]) => ({
          name, url: `http://${name}.test/graphql`, typeDefs: parse(sdl),
        }));
        theirs = composeServices(services).supergraphSdl;
      } catch {
        theirs = undefined;
      }
      const accepting = types && theirs ? "both" : types ? "ours" : theirs ? "theirs" : "none";
      if (accepting === "both" && elements(types) !== elements(theirs)) errors.push(`${name}: differs`);
      if (DIFFERENCES.has(name)) {
        if (DIFFERENCES.get(name) !== accepting) errors.push(`${name}: accepted by ${accepting}`);
      } else if (accepting === "ours" || accepting === "theirs") {
        errors.push(`${name}: accepted by ${accepting} only`);
      }
    }
  }
  if (errors.length > 0) throw new Error(["", ...errors].join("\n  "));
  return `${count} rules of composition, as Apollo composes them`;
}

if (process.argv[1] === import.meta.filename) {
  console.log(compareRules());
  console.log(compareSupergraphs(process.argv.includes("--write")));
}
