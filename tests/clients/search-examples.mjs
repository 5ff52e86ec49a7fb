// The search of each example against a server: what it finds, how it asks, and what it makes of
// errors. A recorder stands between, which can respond itself as a proxy does that is out of order.

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";

/** Words with results on several pages: articles, events and others. */
const WORDS = "klantreis";
const FORWARDED = ["accept", "content-type"];

/** What each example sends for the first page where the server does not know its document yet. */
const FIRST_REQUESTS = {
  fetch: ["GET with the document"],
  apollo: ["GET with the hash", "POST with the document and its hash"],
  urql: ["GET with the hash", "GET with the document and its hash"],
  relay: ["GET with the document"],
};

/** Runs an example with and without errors; tells what it found and sent. */
export async function checkSearch(examples, name, url) {
  const recorder = await record(url);
  try {
    const results = await expected(url);
    const found = await examples.run(name, recorder.url, WORDS);
    strictEqual(found.stderr, "");
    deepStrictEqual(found.stdout.trimEnd().split("\n"), results);
    const pages = checkRequests(name, recorder.take());
    await checkError(examples, name, recorder, "BAD_USER_INPUT", "no cursor");
    recorder.respond = (response) => {
      response.writeHead(503, { "content-type": "application/graphql-response+json" });
      response.end('{"errors":[{"message":"busy","extensions":{"code":"UNAVAILABLE"}}]}');
    };
    await checkError(examples, name, recorder, "UNAVAILABLE");
    recorder.respond = (response) => {
      response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
    };
    await checkError(examples, name, recorder, "HTTP_502");
    const how = FIRST_REQUESTS[name].join(", then ");
    return `${results.length} results on ${pages} pages, 3 errors; ${how}`;
  } finally {
    recorder.stop();
  }
}

/** An example must end with the code of an error. */
async function checkError(examples, name, recorder, code, ...cursor) {
  const { code: status, stdout, stderr } = await examples.run(name, recorder.url, WORDS, ...cursor);
  const last = stderr.trimEnd().split("\n").at(-1);
  if (status !== 1 || stdout !== "" || !last.startsWith(`${code}: `)) {
    throw new Error(`not ${code}: ${JSON.stringify({ status, stdout, stderr })}`);
  }
  recorder.take();
}

/** Checks the requests of a search; the number of pages. */
function checkRequests(name, requests) {
  const kinds = requests.map(({ kind }) => kind);
  const first = FIRST_REQUESTS[name];
  const others = kinds.slice(first.length);
  deepStrictEqual(kinds, [...first, ...others.map(() => first[0])]);
  for (const { accept, kind, etag } of requests.slice(first.length)) {
    if (!accept?.includes("application/graphql-response+json")) throw new Error(`accept: ${accept}`);
    if (kind.startsWith("GET") && !etag) throw new Error("a GET without an ETag");
  }
  return others.length + 1;
}

/** What the examples must print, from one request. */
async function expected(url) {
  const query = `query ($query: String) {
    search(query: $query, first: 100) {
      nodes {
        title
        ... on Article { articleForm: form }
        ... on Event { start { text } }
      }
      pageInfo { hasNextPage }
    }
  }`;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables: { query: WORDS } }),
  });
  const { nodes, pageInfo } = (await response.json()).data.search;
  if (pageInfo.hasNextPage || nodes.length <= 20) throw new Error(`${nodes.length} results`);
  return nodes.map(({ title, articleForm, start }) => {
    const detail = articleForm ?? start?.text;
    return detail ? `${title} (${detail})` : title;
  });
}

/** A server that forwards to another and keeps what was asked; `respond` replaces the other. */
async function record(target) {
  let requests = [];
  const recorder = { respond: null };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    if (recorder.respond) return recorder.respond(response);
    const { search } = new URL(request.url, target);
    const headers = FORWARDED.filter((it) => request.headers[it]).map((it) => [it, request.headers[it]]);
    const { method } = request;
    const forwarded = await fetch(target + search, { method, headers, ...(body && { body }) });
    const etag = forwarded.headers.get("etag");
    requests.push({ kind: kindOf(method, search, body), accept: request.headers.accept, etag });
    response.writeHead(forwarded.status, { "content-type": forwarded.headers.get("content-type") });
    response.end(await forwarded.text());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return Object.assign(recorder, {
    url: `http://127.0.0.1:${server.address().port}/graphql`,
    take() {
      const taken = requests;
      requests = [];
      return taken;
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  });
}

/** The method of a request, and what it says about its document. */
function kindOf(method, search, body) {
  const sent = body ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(search));
  const extensions = typeof sent.extensions === "string" ? JSON.parse(sent.extensions) : sent.extensions;
  const hash = extensions?.persistedQuery?.sha256Hash;
  if (!sent.query) return `${method} with the hash`;
  return `${method} with the document${hash ? " and its hash" : ""}`;
}
