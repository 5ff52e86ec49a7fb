// The schema as graphql-js reads it from a server, compared with its SDL.

import { readFileSync } from "node:fs";

import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from "graphql";

import { SCHEMA } from "./operations.mjs";

/** Everything that introspection can report. */
const QUERY = getIntrospectionQuery({
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
});

/** The schema that a server reports. */
async function introspect(url) {
  const response = await fetch(new URL("/graphql", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: QUERY }),
  });
  const { data, errors } = await response.json();
  if (errors !== undefined) throw new Error(errors[0].message);
  return buildClientSchema(data);
}

const print = (schema) => printSchema(lexicographicSortSchema(schema));

/** Compares the schema of a server with the contract. */
export async function compareIntrospection(url) {
  const found = print(await introspect(url)).split("\n");
  const expected = print(buildSchema(readFileSync(SCHEMA, "utf8"))).split("\n");
  const at = expected.findIndex((line, number) => line !== found[number]);
  if (at >= 0 || found.length !== expected.length) {
    throw new Error(`line ${at + 1}: ${found[at]}, expected ${expected[at]}`);
  }
  return `${found.length} lines of SDL`;
}
