// Who is asking, and the headers that say so. Kept for this browser tab alone.

const KEPT_AS = "usher-identity";

export const NOBODY = { ticket: "secret", secret: "", token: "", role: "", variables: "" };

export function load() {
  try {
    return { ...NOBODY, ...JSON.parse(sessionStorage.getItem(KEPT_AS)) };
  } catch {
    return NOBODY;
  }
}

export function keep(identity) {
  sessionStorage.setItem(KEPT_AS, JSON.stringify(identity));
}

/** A role goes with either ticket; session variables are believed only beside the admin secret. */
export function headersOf({ ticket, secret, token, role, variables }) {
  const headers = {};
  if (ticket === "secret" && secret) headers["X-Hasura-Admin-Secret"] = secret;
  if (ticket === "token" && token) headers["Authorization"] = `Bearer ${token}`;
  if (ticket !== "none" && role) headers["X-Hasura-Role"] = role;
  return ticket === "secret" ? { ...headers, ...parseVariables(variables) } : headers;
}

/** "User-Id: 1; Org-Id: 2" → { "X-Hasura-User-Id": "1", "X-Hasura-Org-Id": "2" } */
export function parseVariables(text) {
  const pairs = text.split(";").map((part) => part.split(":"));
  return Object.fromEntries(
    pairs.filter(([name, ...value]) => name.trim() && value.length).map(([name, ...value]) => [prefixed(name.trim()), value.join(":").trim()]),
  );
}

function prefixed(name) {
  return /^x-hasura-/i.test(name) ? name : `X-Hasura-${name}`;
}
