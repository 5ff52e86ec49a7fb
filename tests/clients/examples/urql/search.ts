// Search with urql: one page per query, persisted queries by GET.
// Arguments: the endpoint, the words to search for, and optionally a cursor to start after.

import { cacheExchange, Client, CombinedError, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

import { graphql } from "./gql";
import type { SearchQuery } from "./gql/graphql";

const SearchDocument = graphql(`
  query Search($query: String!, $first: Int!, $after: String) {
    search(query: $query, first: $first, after: $after) {
      totalCount
      nodes {
        __typename
        id
        title
        url
        summary
        ... on Article {
          form
        }
        ... on Event {
          start {
            date
            text
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type Hit = SearchQuery["search"]["nodes"][number];

function createClient(endpoint: string): Client {
  return new Client({
    url: endpoint,
    preferGetMethod: "within-url-limit",
    exchanges: [
      cacheExchange,
      persistedExchange({ preferGetForPersistedQueries: "force" }),
      fetchExchange,
    ],
  });
}

/** The pages of the results, from the first or from after a cursor. */
async function* search(endpoint: string, query: string, after: string | null) {
  const client = createClient(endpoint);
  for (let hasNextPage = true; hasNextPage; ) {
    const { data, error } = await client.query(SearchDocument, { query, first: 20, after });
    if (error) throw error;
    if (!data) return;
    yield data.search;
    hasNextPage = data.search.pageInfo.hasNextPage;
    after = data.search.pageInfo.endCursor;
  }
}

/** The code of an error, for programs. */
function codeOf(error: CombinedError): string {
  const [graphQLError] = error.graphQLErrors;
  if (graphQLError) return String(graphQLError.extensions["code"]);
  return `HTTP_${error.response?.status}`;
}

function describe(hit: Hit): string {
  switch (hit.__typename) {
    case "Article":
      return `${hit.title} (${hit.form})`;
    case "Event":
      return `${hit.title} (${hit.start.text})`;
    default:
      return hit.title;
  }
}

const [endpoint = "", query = "", after = null] = process.argv.slice(2);
try {
  for await (const page of search(endpoint, query, after)) {
    for (const hit of page.nodes) console.log(describe(hit));
  }
} catch (error) {
  if (!(error instanceof CombinedError)) throw error;
  console.error(`${codeOf(error)}: ${error.message}`);
  process.exitCode = 1;
}
