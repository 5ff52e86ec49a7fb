// Search with fetch: one page per request, by GET, so that HTTP caches can be used.
// Arguments: the endpoint, the words to search for, and optionally a cursor to start after.

import { graphql } from "./gql";
import type { SearchQuery, TypedDocumentString } from "./gql/graphql";

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

interface GraphQLResponse<Result> {
  data?: Result | null;
  errors?: { message: string; extensions: { code: string } }[];
}

/** A request without a complete result. `code` is for programs, `message` for the log. */
class RequestError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

async function request<Result, Variables>(
  endpoint: string,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const url = new URL(endpoint);
  url.searchParams.set("query", document.toString());
  url.searchParams.set("variables", JSON.stringify(variables));
  const response = await fetch(url, {
    headers: { accept: "application/graphql-response+json, application/json;q=0.9" },
  });
  // A proxy in between may respond with a page of its own.
  if (!response.headers.get("content-type")?.includes("json")) {
    throw new RequestError(`HTTP_${response.status}`, "the response is not JSON");
  }
  const { data, errors } = (await response.json()) as GraphQLResponse<Result>;
  // The status is no criterion: an error in a field has status 200.
  const error = errors?.[0];
  if (error) throw new RequestError(error.extensions.code, error.message);
  if (!data) throw new RequestError(`HTTP_${response.status}`, "the response has no data");
  return data;
}

/** The pages of the results, from the first or from after a cursor. */
async function* search(endpoint: string, query: string, after: string | null) {
  for (let hasNextPage = true; hasNextPage; ) {
    const { search } = await request(endpoint, SearchDocument, { query, first: 20, after });
    yield search;
    hasNextPage = search.pageInfo.hasNextPage;
    after = search.pageInfo.endCursor;
  }
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
  if (!(error instanceof RequestError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
