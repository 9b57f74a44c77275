// A certified OpenID Connect provider for the tests. Whoever comes is who `login_hint` says, at once:
// `<flag>:<address>`, where the flag is verified, unverified or missing (then there is no address).

import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

function account(ctx, id) {
  const [flag, email] = [id.slice(0, id.indexOf(":")), id.slice(id.indexOf(":") + 1)];
  const said = flag === "missing" ? {} : { email, email_verified: flag === "verified" };
  return { accountId: id, claims: async () => ({ sub: id, name: "Somebody Certified", ...said }) };
}

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "usher",
      client_secret: "a secret of the tests",
      redirect_uris: [redirect],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  cookies: { keys: ["a key of the tests"] },
  features: { devInteractions: { enabled: false } },
  findAccount: account,
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: async () => true,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, RefreshToken: 600, Session: 600 },
});

async function consented(details, accountId) {
  const grant = new provider.Grant({ accountId, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope);
  return grant.save();
}

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const accountId = details.params.login_hint;
  const result =
    accountId === "refuses"
      ? { error: "access_denied", error_description: "the tests said no" }
      : { login: { accountId }, consent: { grantId: await consented(details, accountId) } };
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
});

provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
