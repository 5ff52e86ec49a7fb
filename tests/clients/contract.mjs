// graphql-inspector over the contract as it was released last and as it is now: what breaks clients
// must stand in `schema/breaking.txt`, and nothing else may.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

import { REPOSITORY, SCHEMA } from "./operations.mjs";

const LINE = /^\d{4}-\d{2}-\d{2} (?<change>\S.*)$/;

/** The changes that a text like `breaking.txt` accepts. */
function accepted(text) {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const change = LINE.exec(line)?.groups.change;
    if (change === undefined) throw new Error(`breaking.txt: no day and change: ${line}`);
    return change;
  });
}

/** How the contract changed, and what is wrong with that. */
async function compareSchemas(released, current, marked) {
  const changes = await diff(buildSchema(released), buildSchema(current));
  const breaking = changes
    .filter((change) => change.criticality.level === CriticalityLevel.Breaking)
    .map((change) => change.message);
  const acceptedChanges = accepted(marked);
  return {
    breaking: breaking.length,
    others: changes.length - breaking.length,
    errors: [
      ...breaking.filter((change) => !acceptedChanges.includes(change)).map((it) => `breaks clients: ${it}`),
      ...acceptedChanges.filter((change) => !breaking.includes(change)).map((it) => `did not happen: ${it}`),
    ],
  };
}

/** The same verdicts over a contract that loses a field: a check that never fails is none. */
async function checkItself() {
  const before = "type Query { kept: Int lost: Int }";
  const after = "type Query { kept: Int added: Int }";
  const change = "Field 'lost' was removed from object type 'Query'";
  const cases = [
    [before, after, "", [`breaks clients: ${change}`]],
    [before, after, `# because\n2026-03-02 ${change}\n`, []],
    [before, before, `2026-03-02 ${change}\n`, [`did not happen: ${change}`]],
  ];
  for (const [released, current, marked, expected] of cases) {
    const { errors } = await compareSchemas(released, current, marked);
    if (JSON.stringify(errors) !== JSON.stringify(expected)) {
      throw new Error(`self-check: ${JSON.stringify(errors)}, not ${JSON.stringify(expected)}`);
    }
  }
}

/** Compares the contract with the released one. */
export async function compare() {
  await checkItself();
  const [released, current, marked] = [
    join(REPOSITORY, "schema/released.graphql"),
    SCHEMA,
    join(REPOSITORY, "schema/breaking.txt"),
  ].map((file) => readFileSync(file, "utf8"));
  const { breaking, others, errors } = await compareSchemas(released, current, marked);
  if (errors.length > 0) throw new Error(["", ...errors].join("\n  "));
  const suffix = breaking > 0 ? " (accepted)" : "";
  return `${breaking} breaking changes${suffix} and ${others} others since the last release`;
}
