// What a frontend writes with the generated types: a question is typed by its operation alone.

import { useFragment } from "./generated/types/fragment-masking.js";
import {
  HomeQueryDocument,
  Home_CardFragmentDoc,
  SearchPageQueryDocument,
  type TypedDocumentString,
} from "./generated/types/graphql.js";

async function execute<Result, Variables>(
  url: string,
  operation: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json",
      "content-type": "application/json",
    },
    body: JSON.stringify({ query: operation.toString(), variables }),
  });
  const { data, errors } = (await response.json()) as { data: Result; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

declare const process: { argv: string[] };
const url = process.argv[2] ?? "";

const home = await execute(url, HomeQueryDocument, {});
const newest: (string | null)[] = home.newest.nodes.map(
  (node) => useFragment(Home_CardFragmentDoc, node).summary,
);
const found = await execute(url, SearchPageQueryDocument, {
  query: "begrijpelijke brief",
  filter: { kinds: ["ARTICLE"], from: "2020-01-01" },
  sort: "NEWEST",
});

// What the contract does not have must not compile.
export const invalidUsages = () => [
  // @ts-expect-error: a form of article is no kind of content
  execute(url, SearchPageQueryDocument, { filter: { kinds: ["BLOG"] } }),
  // @ts-expect-error: the operation asks for no body
  home.newest.nodes[0]?.bodyHtml,
  // @ts-expect-error: a summary may be absent
  newest.map((summary) => summary.length),
  // @ts-expect-error: one looks at a fragment by unmasking it
  home.newest.nodes[0]?.title,
];

console.log(`usage: ${newest.length} new articles, ${found.search.edges.length} hits`);
