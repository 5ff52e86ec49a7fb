// A local copy of all content, in a JSON file. Each run applies what changed since the last one.
// Arguments: the endpoint, and the file.

import { readFile, rename, writeFile } from "node:fs/promises";

import { graphql } from "./gql";
import type { ChangesQuery, ChangesQueryVariables } from "./gql/graphql";

const ChangesDocument = graphql(`
  query Changes($first: Int!, $after: String, $beforeLast: String) {
    last: changes(first: 1, after: $beforeLast) {
      nodes {
        id
        generation
        at
      }
    }
    changes(first: $first, after: $after) {
      edges {
        cursor
        node {
          id
          op
          generation
          at
          node {
            __typename
            id
            title
            url
            summary
            language
            bodyHtml
            publishedAt {
              date
            }
            modifiedAt {
              date
            }
            communities {
              id
            }
            ... on Article {
              articleForm: form
            }
            ... on Toolkit {
              toolkitForm: form
            }
            ... on Event {
              eventForm: form
              start {
                date
                instant
              }
            }
          }
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

type Change = ChangesQuery["changes"]["edges"][number]["node"];
type Content = NonNullable<Change["node"]>;

/** The last change that was applied. */
interface Position {
  cursor: string;
  /** The cursor of the change before it; null if it is the first. */
  before: string | null;
  change: Pick<Change, "id" | "generation" | "at">;
}

interface Copy {
  position: Position | null;
  records: Map<string, Content>;
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

/** The server does not have the changes that the copy was made from. */
class HistoryError extends Error {}

async function request(endpoint: string, variables: ChangesQueryVariables): Promise<ChangesQuery> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
    },
    body: JSON.stringify({ query: ChangesDocument.toString(), variables }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.headers.get("content-type")?.includes("json")) {
    throw new RequestError(`HTTP_${response.status}`, "the response is not JSON");
  }
  const { data, errors } = (await response.json()) as {
    data?: ChangesQuery | null;
    errors?: { message: string; extensions: { code: string } }[];
  };
  const error = errors?.[0];
  if (error) throw new RequestError(error.extensions.code, error.message);
  if (!data) throw new RequestError(`HTTP_${response.status}`, "the response has no data");
  return data;
}

/** The changes after a position. */
async function changesAfter(endpoint: string, position: Position | null, first: number) {
  const [after, beforeLast] = [position?.cursor ?? null, position?.before ?? null];
  const { last, changes } = await request(endpoint, { first, after, beforeLast });
  // A server whose data was built anew has other changes, perhaps with the same cursors.
  if (position && JSON.stringify(last.nodes[0]) !== JSON.stringify(position.change)) {
    throw new HistoryError("the last change of the copy is not in the history of the server");
  }
  return changes;
}

function apply(copy: Copy, cursor: string, { id, op, generation, at, node }: Change) {
  // The node is the record as it is now; null if it was removed since, or is not content. If it was
  // merged since, the node is the remaining record, which has another id.
  if (op === "REMOVED") copy.records.delete(id);
  else if (node) copy.records.set(node.id, node);
  const before = copy.position?.cursor ?? null;
  copy.position = { cursor, before, change: { id, generation, at } };
}

/** Applies all changes after the position of a copy; returns their number. */
async function follow(endpoint: string, copy: Copy): Promise<number> {
  let applied = 0;
  let first = 100;
  for (let hasNextPage = true; hasNextPage; ) {
    try {
      const { edges, pageInfo } = await changesAfter(endpoint, copy.position, first);
      for (const { cursor, node } of edges) apply(copy, cursor, node);
      applied += edges.length;
      hasNextPage = pageInfo.hasNextPage;
    } catch (error) {
      // The operator allows smaller pages only, or the bodies on a page are too large together.
      const isTooLarge = error instanceof RequestError && error.code === "LIMIT_EXCEEDED";
      if (!isTooLarge || first === 1) throw error;
      first = Math.ceil(first / 2);
    }
  }
  return applied;
}

/** Updates a copy, or makes another if its cursor is not valid. */
async function mirror(endpoint: string, copy: Copy): Promise<[Copy, number]> {
  try {
    return [copy, await follow(endpoint, copy)];
  } catch (error) {
    const isInvalid =
      error instanceof HistoryError ||
      (error instanceof RequestError && error.code === "BAD_USER_INPUT");
    if (!isInvalid || !copy.position) throw error;
    console.error(`copying everything: ${error.message}`);
    const another: Copy = { position: null, records: new Map() };
    return [another, await follow(endpoint, another)];
  }
}

async function read(file: string): Promise<Copy> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return { position: null, records: new Map() };
  const { position, records } = JSON.parse(text) as { position: Position; records: Content[] };
  return { position, records: new Map(records.map((record) => [record.id, record])) };
}

/** Replaces the file at once: its readers, and the next run after a crash, see a whole copy. */
async function write(file: string, { position, records }: Copy) {
  await writeFile(`${file}.new`, JSON.stringify({ position, records: [...records.values()] }));
  await rename(`${file}.new`, file);
}

const [endpoint = "", file = ""] = process.argv.slice(2);
try {
  const [copy, applied] = await mirror(endpoint, await read(file));
  await write(file, copy);
  console.log(`${applied} changes applied, ${copy.records.size} records`);
} catch (error) {
  if (!(error instanceof RequestError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
