// The audits of graphql-http: GraphQL over HTTP as its draft says.

import { auditServer } from "graphql-http";

/** How many audits the version of graphql-http in `package.json` has. */
const AUDITS = 61;

/** Runs every audit; all of them must pass. */
export async function audit(url) {
  const results = await auditServer({ url });
  const failed = results.filter((result) => result.status !== "ok");
  const passed = `${results.length - failed.length} of ${AUDITS} audits`;
  if (failed.length > 0 || results.length !== AUDITS) {
    const lines = failed.map(({ id, name, reason }) => `${id} ${name}: ${reason}`);
    throw new Error([`${passed} passed`, ...lines].join("\n  "));
  }
  return passed;
}
