// GraphiQL with a role switch. Everything it loads is served beside it.
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./console.css";

import { GraphiQL } from "graphiql";
import { useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

import { headersOf, keep, load } from "./identity.js";
import { RoleSwitch } from "./role-switch.jsx";

const ENDPOINT = "../v1/graphql";
const WELCOME = `# Choose above who is asking:
# the schema is what that role may see.

query Organisations {
  orgs {
    name
  }
}
`;

function Console() {
  const [identity, setIdentity] = useState(load);
  const headers = useRef(null);
  headers.current = headersOf(identity);
  // One function for good: a new one would make GraphiQL forget its tabs. Headers of its own editor win.
  const fetcher = useRef((params, options) => ask(params, { ...headers.current, ...options?.headers }));

  const change = (next) => {
    keep(next);
    setIdentity(next);
  };

  return (
    <>
      <RoleSwitch identity={identity} onChange={change} />
      <main>
        <GraphiQL fetcher={fetcher.current} defaultQuery={WELCOME} showPersistHeadersSettings={false}>
          <GraphiQL.Logo>{" "}</GraphiQL.Logo>
          <SchemaOf identity={JSON.stringify(headers.current)} />
        </GraphiQL>
      </main>
    </>
  );
}

/** Reads the schema anew when somebody else is asking. */
function SchemaOf({ identity }) {
  const { introspect } = useGraphiQLActions();
  const shown = useRef(identity);
  useEffect(() => {
    if (shown.current === identity) return;
    shown.current = identity;
    introspect();
  }, [identity, introspect]);
  return null;
}

async function ask(params, headers) {
  const body = JSON.stringify(params);
  const answer = await fetch(ENDPOINT, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body });
  return answer.json();
}

createRoot(document.getElementById("console")).render(<Console />);
