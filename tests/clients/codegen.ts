/**
 * One run for every app below apps/: its documents are checked against what its endpoint tells of itself, and types are
 * made of them. `ENDPOINTS` maps the app's folder to the endpoint and the headers of its role.
 */
import type { CodegenConfig } from "@graphql-codegen/cli";

type Endpoint = { url: string; headers: Record<string, string> };
type Outputs = CodegenConfig["generates"];

const endpoints: Record<string, Endpoint> = JSON.parse(process.env.ENDPOINTS ?? "{}");

const config = {
  // A scalar that stands in no list below is an error.
  strictScalars: true,
  useTypeImports: true,
  enumsAsTypes: true,
  scalars: {
    bigint: "number",
    citext: "string",
    date: "string",
    interval: "string",
    jsonb: "unknown",
    numeric: "number",
    timestamptz: "string",
    uuid: "string",
  },
};

function outputs([folder, { url, headers }]: [string, Endpoint]): Outputs {
  const schema = { [url]: { headers } };
  const documents = `apps/${folder}/app.ts`;
  return {
    [`apps/${folder}/gql/`]: { schema, documents, preset: "client", config },
    [`apps/${folder}/schema.ts`]: { schema, plugins: ["typescript"], config },
    [`apps/${folder}/operations.ts`]: { schema, documents, plugins: ["typescript-operations"], config },
  };
}

export default {
  generates: Object.assign({}, ...Object.entries(endpoints).map(outputs)),
} satisfies CodegenConfig;
