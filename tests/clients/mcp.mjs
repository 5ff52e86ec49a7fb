// MCP as the two official clients speak it: that of the protocol with a handshake, and that of the
// protocol without. Both validate results against the schemas of the tools.

import { strict as assert } from "node:assert";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as HandshakeClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as HandshakeTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const INFO = { name: "wegwijzer-clients", version: "1.0.0" };

const CLIENTS = {
  handshake: (address) => [new HandshakeClient(INFO), new HandshakeTransport(address)],
  legacy: (address) => [new Client(INFO), new StreamableHTTPClientTransport(address)],
  "2026-07-28": (address) => [
    new Client(INFO, { versionNegotiation: { mode: { pin: "2026-07-28" } } }),
    new StreamableHTTPClientTransport(address),
  ],
};

/** Calls every tool with one client; the number of calls. */
async function callTools(client) {
  assert.match(client.getInstructions(), /Cite the title/);
  const { tools } = await client.listTools();
  const names = tools.map((tool) => tool.name);
  assert.deepEqual(names, ["search", "get", "events", "who_has_done_this"]);
  const call = async (name, parameters) => {
    const result = await client.callTool({ name, arguments: parameters });
    assert.ok(!result.isError, `${name}: ${result.content[0].text}`);
    return result.structuredContent;
  };
  const found = await call("search", { q: "klantreis", kind: ["article"], first: 3 });
  assert.equal(found.results.length, 3);
  const document = await call("get", { id: found.results[0].id });
  assert.equal(document.title, found.results[0].title);
  assert.ok(document.text.length > 100);
  const events = await call("events", { phase: ["upcoming"] });
  assert.ok(events.results.every((event) => event.event.start));
  const { organisations } = await call("who_has_done_this", { q: "klantreis" });
  assert.ok(organisations.length > 0 && organisations[0].records[0].sourceUrl);
  const invalid = await client.callTool({ name: "search", arguments: { boek: 1 } });
  assert.ok(invalid.isError && invalid.content[0].text.includes("`boek`"));
  await assert.rejects(() => client.callTool({ name: "wis", arguments: {} }), /unknown tool: `wis`/);
  return 6;
}

/** Connects each client to a server, and calls the tools. */
export async function callMcp(url) {
  const address = new URL("/mcp", url);
  const counts = [];
  for (const [name, create] of Object.entries(CLIENTS)) {
    const [client, transport] = create(address);
    try {
      await client.connect(transport);
      counts.push(`${name}: ${await callTools(client)} calls`);
    } catch (error) {
      throw new Error(`${name}: ${error.message}`);
    } finally {
      await client.close();
    }
  }
  return counts.join(", ");
}
