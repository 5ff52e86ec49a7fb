// What an attacker tries first on a GraphQL server: the checks of graphql-cop, by their public
// description. A finding is no hole by itself; which ones there are is a decision, held here.

import { request } from "node:http";

/** One HTTP request without what a browser or `fetch` adds; its answer as text and as JSON. */
async function send(url, { method = "GET", headers = {}, body }) {
  const text = await new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks).toString()));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
  try {
    return { text, json: JSON.parse(text) };
  } catch {
    return { text, json: undefined };
  }
}

function post(url, payload, headers = {}) {
  const json = { "content-type": "application/json", ...headers };
  return send(url, { method: "POST", headers: json, body: JSON.stringify(payload) });
}

const execute = async (url, query) => (await post(url, { query })).json;
const asParameter = (url, query) => send(`${url}?${new URLSearchParams({ query })}`, {});
const times = (count, text) => Array.from({ length: count }, (_, n) => text(n)).join(" ");

/** Each probe tells whether the server lets it through. */
const ATTACKS = {
  "alias overloading": async (url) =>
    (await execute(url, `{ ${times(101, (n) => `alias${n}: __typename`)} }`))?.data?.alias100,
  "batch queries": async (url) => {
    const { json } = await post(url, Array(10).fill({ query: "{ __typename }" }));
    return Array.isArray(json);
  },
  "circular introspection": async (url) => {
    const round = "fields { type { fields { type { fields { name } } } } }";
    return (await execute(url, `{ __schema { types { ${round} } } }`))?.data?.__schema;
  },
  // Each directive that is looked at has an error of its own.
  "directive overloading": async (url) =>
    (await execute(url, `{ __typename ${times(10, () => "@aa")} }`))?.errors?.length >= 10,
  "field duplication": async (url) =>
    (await execute(url, `{ ${times(500, () => "__typename")} }`))?.data?.__typename,
  "field suggestions": async (url) => {
    const { text } = await post(url, { query: "{ __schema { directive } catalogue { program } }" });
    return /did you mean/i.test(text);
  },
  introspection: async (url) =>
    (await execute(url, "{ __schema { types { name fields { name } } } }"))?.data?.__schema,
  "mutation by GET": async (url) =>
    (await asParameter(url, "mutation { __typename }")).json?.data?.__typename,
  "query by GET": async (url) => (await asParameter(url, "{ __typename }")).json?.data?.__typename,
  "query as a form": async (url) => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams({ query: "{ __typename }" }).toString();
    return (await send(url, { method: "POST", headers, body })).json?.data;
  },
  tracing: async (url) => {
    const { json } = await post(url, { query: "{ __typename }" }, { "x-apollo-tracing": "1" });
    return json?.extensions?.tracing;
  },
  "interactive page": async (url) => {
    const { text } = await send(url, { headers: { accept: "text/html" } });
    return /graphiql|playground|apollo sandbox/i.test(text);
  },
  "unhandled errors": async (url) => {
    const { text } = await post(url, { query: "qwerty { abc }" });
    return /exception|stack ?trace|panicked|\.rs:\d/i.test(text);
  },
};

/** Runs every probe; what they find must be `expected`, no more and no less. */
export async function attack(url, expected) {
  const findings = [];
  for (const [name, succeeds] of Object.entries(ATTACKS)) {
    if (await succeeds(url)) findings.push(name);
  }
  const summary = findings.length === 0 ? "none" : findings.join(", ");
  if (findings.join() !== expected.join()) {
    throw new Error(`findings are ${summary}, expected ${expected.join(", ") || "none"}`);
  }
  return `${Object.keys(ATTACKS).length} attacks, findings: ${summary}`;
}
