// The audits of graphql-http: GraphQL over HTTP as its draft says.

import { auditServer } from "graphql-http";

/** How many audits the version of graphql-http in `package.json` has. */
const AUDITS = 61;

/** The audits of variables, which select `__type`: a server without introspection rejects it. */
export const OF_INTROSPECTION = ["2EA1", "28B9", "D6D5", "6A70"];

/** Runs every audit; all of them must pass, except those of `exceptions`, which must fail. */
export async function audit(url, exceptions = []) {
  const results = await auditServer({ url });
  const isExpected = ({ id, status }) => (status === "ok") !== exceptions.includes(id);
  const failed = results.filter((result) => !isExpected(result));
  const passed = `${results.length - failed.length - exceptions.length} of ${AUDITS} audits`;
  if (failed.length > 0 || results.length !== AUDITS) {
    const lines = failed.map(({ id, name, reason }) => `${id} ${name}: ${reason}`);
    throw new Error([`${passed} passed`, ...lines].join("\n  "));
  }
  return passed;
}
