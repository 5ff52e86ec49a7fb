// Runs the tools of client teams against the contract and a server of its own, one line each.
//
//   npm ci && npm test
//
// The program is `WEGWIJZER_BIN`, else the debug build of `cargo build`. Any failure is told on
// its line, and the exit code is 1.

import { rmSync } from "node:fs";

import { OF_INTROSPECTION, audit } from "./graphql-http.mjs";
import { compare } from "./contract.mjs";
import { checkMirror } from "./mirror-example.mjs";
import { checkSearch } from "./search-examples.mjs";
import { compareComposers, federate } from "./federation.mjs";
import { compareManual } from "./manual.mjs";
import { Examples } from "./examples.mjs";
import { generateTypes } from "./codegen.mjs";
import { OUTPUT } from "./operations.mjs";
import { attack } from "./attacks.mjs";
import { compileForRelay } from "./relay.mjs";
import { callMcp } from "./mcp.mjs";
import { readFeeds } from "./feeds.mjs";
import { compareIntrospection } from "./introspection.mjs";
import { Installation } from "./server.mjs";
import { compareRules, compareSupergraphs } from "./supergraphs.mjs";

/** What a server that hides what it can is configured with. */
const CLOSED = "[graphql]\nintrospection = false\ndid_you_mean = false\ncsrf_prevention = true\n";
/** The configuration of a server with a subgraph that does not respond. */
const SUBGRAPH =
  '[[subgraph]]\nname = "other"\nurl = "http://127.0.0.1:9/graphql"\nsdl = "other.graphql"\n';

let failures = 0;

/** Runs one check, and prints what it counted or why it failed. */
async function check(name, run) {
  const start = Date.now();
  let outcome;
  try {
    outcome = await run();
  } catch (error) {
    failures += 1;
    outcome = `FAILED: ${error.message}`;
  }
  console.log(`${name.padEnd(24)} ${outcome} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
}

/** Runs checks against a server, and counts one failure where it does not start. */
async function withServer(name, start, run) {
  let server;
  try {
    server = await start();
  } catch (error) {
    failures += 1;
    console.log(`${name.padEnd(24)} FAILED: ${error.message}`);
    return;
  }
  try {
    await run(server.url);
  } finally {
    await server.stop();
  }
}

rmSync(OUTPUT, { recursive: true, force: true });
const installation = new Installation();
const examples = new Examples();
try {
  await check("graphql-inspector", compare);
  await check("relay-compiler", compileForRelay);
  const federated = () => installation.serveSupergraph("simple_entity_call");
  await withServer("supergraph", federated, async (url) => {
    await check("graphql-http, federated", () => audit(url));
  });
  await check("composers", compareComposers);
  await check("supergraphs", () => compareSupergraphs());
  await check("rules of composition", () => compareRules());
  await check("clients.md", compareManual);
  await check("examples, tsc", () => examples.build());
  await withServer("server", () => installation.serveDemo(), async (url) => {
    await check("graphql-codegen, tsc", () => generateTypes(url));
    await check("graphql-http", () => audit(url));
    await check("introspection", () => compareIntrospection(url));
    await check("Apollo Gateway", () => federate(url));
    await check("MCP", () => callMcp(url));
    await check("feeds", () => readFeeds(url));
    await check("attacks", () =>
      attack(url, ["field suggestions", "introspection", "query by GET"]),
    );
    for (const client of ["fetch", "apollo", "urql", "relay"]) {
      await check(`example, ${client}`, () => checkSearch(examples, client, url));
    }
  });
  await withServer("server, closed", () => installation.serve(CLOSED), async (url) => {
    await check("graphql-http, closed", () => audit(url, OF_INTROSPECTION));
    await check("attacks, closed", () => attack(url, []));
    await check("example, closed", () => checkSearch(examples, "apollo", url));
  });
  installation.write("other.graphql", "type Query { other: Int }");
  const subgraph = () => installation.serve(SUBGRAPH);
  await withServer("server, with a subgraph", subgraph, async (url) => {
    await check("graphql-http, subgraph", () => audit(url));
  });
  await check("example, mirror", () => checkMirror(examples));
} finally {
  examples.remove();
  installation.remove();
}
process.exitCode = failures === 0 ? 0 : 1;
