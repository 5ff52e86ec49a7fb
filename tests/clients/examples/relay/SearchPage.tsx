// Search with Relay: a page of results, and a button for the next one.

import { Component, Suspense, type ReactNode } from "react";
import {
  graphql,
  RelayEnvironmentProvider,
  useFragment,
  useLazyLoadQuery,
  usePaginationFragment,
} from "react-relay";
import type { Environment } from "relay-runtime";

import type { SearchPage_hit$key } from "./__generated__/SearchPage_hit.graphql";
import type { SearchPage_results$key } from "./__generated__/SearchPage_results.graphql";
import type { SearchPageNextQuery } from "./__generated__/SearchPageNextQuery.graphql";
import type { SearchPageQuery } from "./__generated__/SearchPageQuery.graphql";
import { RequestError } from "./environment";

interface Search {
  query: string;
  /** Cursor to start after. */
  after: string | null;
}

export function SearchPage({ environment, ...search }: Search & { environment: Environment }) {
  return (
    <RelayEnvironmentProvider environment={environment}>
      <ErrorMessage>
        <Suspense fallback={<p>Loading</p>}>
          <FirstPage {...search} />
        </Suspense>
      </ErrorMessage>
    </RelayEnvironmentProvider>
  );
}

function FirstPage(variables: Search) {
  const data = useLazyLoadQuery<SearchPageQuery>(
    graphql`
      query SearchPageQuery($query: String!, $after: String) {
        ...SearchPage_results @arguments(query: $query, after: $after)
      }
    `,
    variables,
  );
  return <Results data={data} />;
}

function Results(props: { data: SearchPage_results$key }) {
  const { data, hasNext, isLoadingNext, loadNext } = usePaginationFragment<
    SearchPageNextQuery,
    SearchPage_results$key
  >(
    graphql`
      fragment SearchPage_results on Query
      @refetchable(queryName: "SearchPageNextQuery")
      @argumentDefinitions(
        query: { type: "String!" }
        first: { type: "Int", defaultValue: 20 }
        after: { type: "String" }
      ) {
        search(query: $query, first: $first, after: $after)
          @connection(key: "SearchPage_search") {
          edges {
            node {
              id
              ...SearchPage_hit
            }
          }
        }
      }
    `,
    props.data,
  );
  return (
    <>
      <ul>
        {data.search.edges.map(({ node }) => (
          <Hit key={node.id} hit={node} />
        ))}
      </ul>
      {hasNext && (
        <button disabled={isLoadingNext} onClick={() => loadNext(20)}>
          More results
        </button>
      )}
    </>
  );
}

function Hit(props: { hit: SearchPage_hit$key }) {
  const hit = useFragment(
    graphql`
      fragment SearchPage_hit on Content {
        __typename
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
    `,
    props.hit,
  );
  const detail = hit.form ?? hit.start?.text;
  return (
    <li>
      <a href={hit.url}>{detail ? `${hit.title} (${detail})` : hit.title}</a>
    </li>
  );
}

class ErrorMessage extends Component<{ children: ReactNode }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const code = error instanceof RequestError ? error.code : "UNKNOWN";
    return (
      <p role="alert">
        {code}: {error.message}
      </p>
    );
  }
}
