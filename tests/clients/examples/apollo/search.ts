// Search with Apollo Client: pages merged in its cache, persisted queries by GET.
// Arguments: the endpoint, the words to search for, and optionally a cursor to start after.

import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  HttpLink,
  InMemoryCache,
  ServerError,
} from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { relayStylePagination } from "@apollo/client/utilities";

import { graphql } from "./gql";
import type { SearchQuery } from "./gql/graphql";
import possibleTypes from "./possibleTypes";

const SearchDocument = graphql(`
  query Search($query: String!, $first: Int!, $after: String) {
    search(query: $query, first: $first, after: $after) {
      totalCount
      edges {
        cursor
        node {
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
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type Hit = SearchQuery["search"]["edges"][number]["node"];

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function createClient(endpoint: string): ApolloClient {
  return new ApolloClient({
    link: ApolloLink.from([
      new PersistedQueryLink({ sha256, useGETForHashedQueries: true }),
      new HttpLink({ uri: endpoint }),
    ]),
    cache: new InMemoryCache({
      // Which types a fragment on `Content` or `Node` applies to.
      possibleTypes: possibleTypes.possibleTypes,
      typePolicies: {
        Query: {
          fields: {
            // All arguments but those for paging; the pages of each combination are one list.
            search: relayStylePagination(["query", "filter", "sort", "wider", "literal"]),
            articles: relayStylePagination(["filter", "forms", "sort"]),
            toolkits: relayStylePagination(["filter", "forms", "sort"]),
            communities: relayStylePagination(["filter", "forms", "sort"]),
            events: relayStylePagination(["filter", "forms", "sort"]),
          },
        },
      },
    }),
  });
}

/** All results, from the first or from after a cursor. In React: `useQuery` and its `fetchMore`. */
function search(endpoint: string, query: string, after: string | null): Promise<Hit[]> {
  const client = createClient(endpoint);
  const results = client.watchQuery({
    query: SearchDocument,
    variables: { query, first: 20, after },
  });
  return new Promise((resolve, reject) => {
    // Called with the first page, and again with all pages so far when another is in the cache.
    results.subscribe(({ data, dataState, error, loading }) => {
      if (error) reject(error);
      if (loading || dataState !== "complete") return;
      const { edges, pageInfo } = data.search;
      if (pageInfo.hasNextPage) {
        results.fetchMore({ variables: { after: pageInfo.endCursor } }).catch(reject);
      } else {
        resolve(edges.map((edge) => edge.node));
      }
    });
  });
}

/** The code of an error, for programs. */
function codeOf(error: unknown): string {
  if (CombinedGraphQLErrors.is(error)) return String(error.errors[0]?.extensions?.["code"]);
  if (ServerError.is(error)) return `HTTP_${error.statusCode}`;
  throw error;
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
  for (const hit of await search(endpoint, query, after)) console.log(describe(hit));
} catch (error) {
  console.error(`${codeOf(error)}: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
