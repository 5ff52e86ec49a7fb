// The network and the store of Relay: queries by GET, errors with their code.

import { Environment, Network, RecordSource, Store } from "relay-runtime";
import type { FetchFunction, GraphQLResponseWithData } from "relay-runtime";

interface Response {
  data?: GraphQLResponseWithData["data"] | null;
  errors?: { message: string; extensions: { code: string } }[];
}

/** A request without a complete result. `code` is for programs, `message` for the log. */
export class RequestError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function createEnvironment(endpoint: string): Environment {
  const fetchQuery: FetchFunction = async ({ text }, variables) => {
    const url = new URL(endpoint);
    url.searchParams.set("query", text ?? "");
    url.searchParams.set("variables", JSON.stringify(variables));
    const response = await fetch(url, {
      headers: { accept: "application/graphql-response+json, application/json;q=0.9" },
    });
    // A proxy in between may respond with a page of its own.
    if (!response.headers.get("content-type")?.includes("json")) {
      throw new RequestError(`HTTP_${response.status}`, "the response is not JSON");
    }
    const { data, errors } = (await response.json()) as Response;
    const error = errors?.[0];
    if (error) throw new RequestError(error.extensions.code, error.message);
    if (!data) throw new RequestError(`HTTP_${response.status}`, "the response has no data");
    return { data };
  };
  return new Environment({
    network: Network.create(fetchQuery),
    store: new Store(new RecordSource()),
  });
}
