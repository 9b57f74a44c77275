// Chapters of @nhost/nhost-js: signing up, in and out, and what keeps a session.

import { createPublicKey, verify } from 'node:crypto'

import { follow, look, mail } from './dialogue.mjs'
import { REDIRECT, address, newcomer, password, refusal, strict, visitor } from './nhost_visitor.mjs'

/** Whether one of the published keys signed a token. */
function isSignedBy(keys, token) {
  const [head, body, signature] = token.split('.')
  const { kid } = JSON.parse(Buffer.from(head, 'base64url'))
  const key = createPublicKey({ key: keys.find((each) => each.kid === kid), format: 'jwk' })
  return verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))
}

export async function service() {
  const { auth, session } = await newcomer('service')
  const { keys } = (await auth.getJWKs()).body
  return {
    health: (await auth.healthCheckGet()).body,
    head: (await auth.healthCheckHead()).status,
    version: (await auth.getVersion()).body,
    keys,
    isSigned: isSignedBy(keys, session.accessToken),
  }
}

export async function signUp() {
  const { nhost, auth } = visitor()
  const email = address('sign-up')
  const options = {
    displayName: 'Jane Doe',
    locale: 'en',
    metadata: { tier: 'gold' },
    defaultRole: 'user',
    allowedRoles: ['user', 'me'],
    redirectTo: REDIRECT,
  }
  const { body, status } = await auth.signUpEmailPassword({ email, password, options })
  const stored = nhost.getUserSession()
  return {
    status,
    session: body.session,
    claims: stored.decodedToken['https://hasura.io/jwt/claims'],
    user: (await auth.getUser()).body,
    again: await refusal(visitor().auth.signUpEmailPassword({ email, password })),
    short: await refusal(visitor().auth.signUpEmailPassword({ email: address('short'), password: 'ab' })),
    role: await refusal(
      visitor().auth.signUpEmailPassword({ email: address('role'), password, options: { allowedRoles: ['root'] } }),
    ),
    redirect: await refusal(
      visitor().auth.signUpEmailPassword({
        email: address('redirect'),
        password,
        options: { redirectTo: 'https://evil.test' },
      }),
    ),
    nobody: await refusal(visitor().auth.getUser()),
  }
}

export async function verification() {
  const { nhost, auth } = visitor(strict)
  const email = address('verification')
  const signedUp = await auth.signUpEmailPassword({ email, password, options: { redirectTo: REDIRECT } })
  const first = await mail('email-verify', email)
  const early = await refusal(auth.signInEmailPassword({ email, password }))
  const wrong = await refusal(auth.signInEmailPassword({ email, password: `not ${password}` }))
  const asked = (await auth.sendVerificationEmail({ email, options: { redirectTo: REDIRECT } })).body
  const before = nhost.getUserSession()
  const letter = await mail('email-verify', email)
  const replaced = await follow(first.link)
  const link = auth.verifyTicketURL({ ticket: letter.ticket, type: 'emailVerify', redirectTo: REDIRECT })
  const landed = await follow(link)
  const refreshed = await auth.refreshToken({ refreshToken: landed.query.refreshToken })
  return {
    signedUp: signedUp.body,
    early,
    wrong,
    asked,
    before,
    landed,
    user: refreshed.body.user,
    signedIn: (await auth.getUser()).body.email,
    replaced,
    linkAgain: await follow(letter.link),
    verifiedAlready: await refusal(auth.sendVerificationEmail({ email })),
    passed: (await visitor(strict).auth.signInEmailPassword({ email, password })).body.session.user.emailVerified,
  }
}

export async function signIn() {
  const { email } = await newcomer('sign-in')
  const { auth, nhost } = visitor()
  return {
    wrong: await refusal(auth.signInEmailPassword({ email, password: `not ${password}` })),
    unknown: await refusal(auth.signInEmailPassword({ email: address('nobody'), password })),
    malformed: await refusal(auth.signInEmailPassword({ email: 'no address', password })),
    email: (await auth.signInEmailPassword({ email, password })).body.session.user.email,
    stored: nhost.getUserSession().user.email,
    verified: (await auth.verifyToken({ token: nhost.getUserSession().accessToken })).body,
    verifiedByHeader: (await auth.verifyToken({})).body,
    forged: await refusal(auth.verifyToken({ token: 'a.b.c' })),
  }
}

export async function refresh() {
  const { auth, nhost, storage, session } = await newcomer('refresh')
  const forced = await nhost.refreshSession(0)
  storage.session = { ...storage.session, decodedToken: { ...storage.session.decodedToken, exp: Date.now() - 1000 } }
  const email = (await auth.getUser()).body.email
  const automatic = nhost.getUserSession()
  const byToken = (await auth.refreshToken({ refreshToken: automatic.refreshToken })).body
  const together = await Promise.all([nhost.refreshSession(0), nhost.refreshSession(0)])
  return {
    email,
    together: together.map(Boolean),
    after: (await nhost.refreshSession(0)).refreshTokenId,
    row: await look(email),
    tokens: [session, forced, automatic, byToken].map((each) => each.refreshToken),
    ids: [session, forced, automatic, byToken].map((each) => each.refreshTokenId),
    unknown: await refusal(visitor().auth.refreshToken({ refreshToken: crypto.randomUUID() })),
    malformed: await refusal(visitor().auth.refreshToken({ refreshToken: 'no token' })),
  }
}

export async function signOut() {
  const { auth, nhost, email, session } = await newcomer('sign-out')
  const other = visitor()
  await other.auth.signInEmailPassword({ email, password })
  const before = await look(email)
  const one = (await auth.signOut({ refreshToken: session.refreshToken })).body
  const after = await look(email)
  const ended = await refusal(auth.refreshToken({ refreshToken: session.refreshToken }))
  const all = (await other.auth.signOut({ all: true })).body
  return { before, one, after, ended, all, stored: nhost.getUserSession(), end: await look(email) }
}

export async function anonymous() {
  const { auth } = visitor()
  const session = (await auth.signInAnonymous({ displayName: 'A guest', locale: 'en', metadata: { from: 'here' } }))
    .body.session
  const email = address('was-anonymous')
  const forbidden = await refusal(auth.createPAT({ expiresAt: new Date(Date.now() + 1e9).toISOString() }))
  const body = {
    signInMethod: 'email-password',
    email,
    password,
    connection: 'email',
    options: { displayName: 'Known', redirectTo: REDIRECT },
  }
  const done = (await auth.deanonymizeUser(body)).body
  const refreshed = (await auth.refreshToken({ refreshToken: session.refreshToken })).body
  return {
    guest: session.user,
    forbidden,
    done,
    user: refreshed.user,
    email,
    again: await refusal(auth.deanonymizeUser({ ...body, email: address('other') })),
    signedIn: (await visitor().auth.signInEmailPassword({ email, password })).body.session.user.id,
    without: (await visitor().auth.signInAnonymous()).body.session.user.displayName,
  }
}

export async function anonymousByLink() {
  const { auth } = visitor()
  const session = (await auth.signInAnonymous({})).body.session
  const email = address('linked-anonymous')
  const done = (await auth.deanonymizeUser({ signInMethod: 'passwordless', email, options: { redirectTo: REDIRECT } }))
    .body
  const landed = await follow((await mail('signin-passwordless', email)).link)
  const user = (await visitor().auth.refreshToken({ refreshToken: landed.query.refreshToken })).body.user
  return {
    id: session.user.id,
    done,
    landed,
    user,
    old: await refusal(auth.refreshToken({ refreshToken: session.refreshToken })),
  }
}
