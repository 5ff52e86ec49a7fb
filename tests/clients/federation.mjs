// Apollo's tools over our subgraph and a small partner: they compose, Apollo Gateway answers one
// question across both, and our own composer makes the same graph for clients of the same schemas.
//
// Apollo's packages stand under the Elastic Licence 2.0. They judge here; nothing of them ships.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ApolloGateway } from "@apollo/gateway";
import { composeServices } from "@apollo/composition";
import { Supergraph } from "@apollo/federation-internals";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { graphql, lexicographicSortSchema, parse, printSchema } from "graphql";

import { HERE } from "./operations.mjs";
import { program } from "./server.mjs";

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
  import: ["@key", "@shareable", "@inaccessible", "@requires", "@external", "@provides", "@tag"])\n`;

/** A partner in the manner of a community platform. */
const COMMUNITY_SDL = `${LINK}
  type Query { busiest: Community }
  type Community @key(fields: "id") { id: ID! members: Int! discussions: Int! }
  type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean!
    startCursor: String endCursor: String }
`;

const members = (id) => id.length;

/** The partner as a server; `busiest` is the community with `id`. */
async function serveSubgraph(id) {
  const community = (it) => ({ __typename: "Community", id: it, members: members(it), discussions: 2 });
  const schema = buildSubgraphSchema({
    typeDefs: parse(COMMUNITY_SDL),
    resolvers: {
      Query: { busiest: () => community(id) },
      Community: { __resolveReference: (key) => community(key.id) },
    },
  });
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { query, variables } = JSON.parse(Buffer.concat(chunks).toString());
    const result = await graphql({ schema, source: query, variableValues: variables });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(result));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
}

async function execute(url, query) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query }) });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

/** What Apollo's composer makes of subgraphs. */
function composed(subgraphs) {
  const services = subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (errors?.length) throw new Error(`Apollo: ${errors.map((it) => it.message).join("; ")}`);
  return supergraphSdl;
}

/** Apollo Gateway answers one question from us and the partner together. */
export async function federate(url) {
  const { _service } = await execute(url, "{ _service { sdl } }");
  const { communities } = await execute(url, "{ communities(first: 2) { nodes { id title } } }");
  const subgraph = await serveSubgraph(communities.nodes[0].id);
  const gateway = new ApolloGateway({
    supergraphSdl: composed([
      { name: "wegwijzer", url, sdl: _service.sdl },
      { name: "partner", url: subgraph.url, sdl: COMMUNITY_SDL },
    ]),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  try {
    const { executor } = await gateway.load();
    const source = `{ communities(first: 2) { nodes { id title members } } busiest { title members } }`;
    const { data, errors } = await executor({
      request: { query: source, variables: {} },
      document: parse(source),
      queryHash: "one",
      context: {},
      cache: undefined,
      schema: undefined,
      logger: undefined,
      metrics: {},
      operationName: undefined,
    });
    const expected = {
      communities: { nodes: communities.nodes.map((it) => ({ ...it, members: members(it.id) })) },
      busiest: { title: communities.nodes[0].title, members: members(communities.nodes[0].id) },
    };
    if (errors || JSON.stringify(data) !== JSON.stringify(expected)) {
      throw new Error(JSON.stringify({ data, errors }));
    }
    return `${communities.nodes.length + 1} communities from two subgraphs in one answer`;
  } finally {
    await gateway.stop();
    subgraph.stop();
  }
}

/** The API of a supergraph as clients see it, without descriptions and in one order. */
function api(supergraphSdl) {
  const schema = Supergraph.build(supergraphSdl).apiSchema().toGraphQLJSSchema();
  const text = printSchema(lexicographicSortSchema(schema));
  return text.replace(/^ *"""[\s\S]*?"""\n/gm, "").replace(/\n+/g, "\n");
}

/** What our composer makes of our subgraph and partners. */
function composedByUs(subgraphs) {
  const folder = mkdtempSync(join(tmpdir(), "wegwijzer-compose-"));
  try {
    const tables = subgraphs.map(({ name, url, sdl }) => {
      writeFileSync(join(folder, `${name}.graphql`), sdl);
      return `[[subgraph]]\nname = "${name}"\nurl = "${url}"\nsdl = "${name}.graphql"\n`;
    });
    const config = join(folder, "wegwijzer.toml");
    writeFileSync(config, tables.join(""));
    const output = { maxBuffer: 1 << 24, encoding: "utf8" };
    return execFileSync(program(), ["compose", "--config", config], output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Our composer and Apollo's make the same API of each set of partners in `composition`. */
export function compareComposers() {
  const ours = execFileSync(program(), ["schema", "--federation"], { encoding: "utf8" });
  const folder = join(HERE, "composition");
  const files = readdirSync(folder).filter((file) => file.endsWith(".graphql")).sort();
  const sets = new Map();
  for (const file of files) {
    const set = file.split("-")[0];
    sets.set(set, [...(sets.get(set) ?? []), file]);
  }
  const errors = [];
  for (const [set, members] of sets) {
    const subgraphs = members.map((file) => ({
      name: file.replace(".graphql", ""),
      url: `https://${file}.example/`,
      sdl: LINK + readFileSync(join(folder, file), "utf8"),
    }));
    try {
      const theirs = api(composed([{ name: "wegwijzer", url: "http://us/", sdl: ours }, ...subgraphs]));
      const our = api(composedByUs(subgraphs));
      // It is hidden from other routers, and shown by ours.
      const shown = our.replace(/^ *continuedFromGeneration: Int\n/m, "");
      if (theirs !== shown) {
        const lines = theirs.split("\n");
        const other = shown.split("\n");
        const at = lines.findIndex((line, n) => line !== other[n]);
        errors.push(`${set}: ${lines[at]} | ${other[at]}`);
      }
    } catch (error) {
      errors.push(`${set}: ${error.stderr ?? error.message}`);
    }
  }
  if (errors.length > 0) throw new Error(["", ...errors].join("\n  "));
  return `${sets.size} sets of subgraphs, the same API by both composers`;
}
