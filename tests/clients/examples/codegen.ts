// graphql-codegen: types of the operations in each folder.

import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "schema.graphql",
  config: {
    scalars: { Date: "string", DateTime: "string", URL: "string" },
    strictScalars: true,
    useTypeImports: true,
  },
  generates: {
    "fetch/gql/": {
      documents: "fetch/*.ts",
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: { documentMode: "string" },
    },
    "apollo/gql/": {
      documents: "apollo/*.ts",
      preset: "client",
      presetConfig: { fragmentMasking: false },
    },
    "apollo/possibleTypes.ts": {
      plugins: ["fragment-matcher"],
    },
    "urql/gql/": {
      documents: "urql/*.ts",
      preset: "client",
      presetConfig: { fragmentMasking: false },
    },
    "mirror/gql/": {
      documents: "mirror/*.ts",
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: { documentMode: "string" },
    },
  },
};
export default config;
