// The story of @nhost/nhost-js: every call of its `auth` client that Hasura Auth of our contract serves.

import { createPublicKey, verify } from 'node:crypto'

import { createClient } from '@nhost/nhost-js'
import { FetchError } from '@nhost/nhost-js/fetch'

import { follow, followAsBrowser, key, look, mail, sms, tell, totp } from './dialogue.mjs'

const { open, strict, password, run } = JSON.parse(process.argv[2])
const REDIRECT = 'https://app.test/welcome'

/** Keeps the session as the client's own memory storage does, and lets the story make it expire. */
class Storage {
  session = null
  get() {
    return this.session
  }
  set(value) {
    this.session = value
  }
  remove() {
    this.session = null
  }
}

function visitor(authUrl = open) {
  const storage = new Storage()
  const nhost = createClient({ authUrl, storage })
  return { nhost, auth: nhost.auth, storage }
}

const address = (name) => `${name}.${run}@example.test`

async function newcomer(name) {
  const visit = visitor()
  const email = address(name)
  const { body } = await visit.auth.signUpEmailPassword({ email, password })
  return { ...visit, email, session: body.session }
}

/** How the client tells of a refusal. */
async function refusal(asked) {
  try {
    return { passed: (await asked).body ?? null }
  } catch (error) {
    return { isFetchError: error instanceof FetchError, status: error.status, body: error.body, message: error.message }
  }
}

/** Whether one of the published keys signed a token. */
function isSignedBy(keys, token) {
  const [head, body, signature] = token.split('.')
  const { kid } = JSON.parse(Buffer.from(head, 'base64url'))
  const key = createPublicKey({ key: keys.find((each) => each.kid === kid), format: 'jwk' })
  return verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))
}

async function service() {
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

async function signUp() {
  const { nhost, auth } = visitor()
  const email = address('sign-up')
  const options = { displayName: 'Jane Doe', locale: 'en', metadata: { tier: 'gold' }, defaultRole: 'user', allowedRoles: ['user', 'me'], redirectTo: REDIRECT }
  const { body, status } = await auth.signUpEmailPassword({ email, password, options })
  const stored = nhost.getUserSession()
  return {
    status,
    session: body.session,
    claims: stored.decodedToken['https://hasura.io/jwt/claims'],
    user: (await auth.getUser()).body,
    again: await refusal(visitor().auth.signUpEmailPassword({ email, password })),
    short: await refusal(visitor().auth.signUpEmailPassword({ email: address('short'), password: 'ab' })),
    role: await refusal(visitor().auth.signUpEmailPassword({ email: address('role'), password, options: { allowedRoles: ['root'] } })),
    redirect: await refusal(visitor().auth.signUpEmailPassword({ email: address('redirect'), password, options: { redirectTo: 'https://evil.test' } })),
    nobody: await refusal(visitor().auth.getUser()),
  }
}

async function verification() {
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
    signedUp: signedUp.body, early, wrong, asked, before, landed,
    user: refreshed.body.user,
    signedIn: (await auth.getUser()).body.email,
    replaced, linkAgain: await follow(letter.link),
    verifiedAlready: await refusal(auth.sendVerificationEmail({ email })),
    passed: (await visitor(strict).auth.signInEmailPassword({ email, password })).body.session.user.emailVerified,
  }
}

async function signIn() {
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

async function refresh() {
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

async function signOut() {
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

async function anonymous() {
  const { auth } = visitor()
  const session = (await auth.signInAnonymous({ displayName: 'A guest', locale: 'en', metadata: { from: 'here' } })).body.session
  const email = address('was-anonymous')
  const forbidden = await refusal(auth.createPAT({ expiresAt: new Date(Date.now() + 1e9).toISOString() }))
  const body = { signInMethod: 'email-password', email, password, connection: 'email', options: { displayName: 'Known', redirectTo: REDIRECT } }
  const done = (await auth.deanonymizeUser(body)).body
  const refreshed = (await auth.refreshToken({ refreshToken: session.refreshToken })).body
  return {
    guest: session.user, forbidden, done, user: refreshed.user, email,
    again: await refusal(auth.deanonymizeUser({ ...body, email: address('other') })),
    signedIn: (await visitor().auth.signInEmailPassword({ email, password })).body.session.user.id,
    without: (await visitor().auth.signInAnonymous()).body.session.user.displayName,
  }
}

async function anonymousByLink() {
  const { auth } = visitor()
  const session = (await auth.signInAnonymous({})).body.session
  const email = address('linked-anonymous')
  const done = (await auth.deanonymizeUser({ signInMethod: 'passwordless', email, options: { redirectTo: REDIRECT } })).body
  const landed = await follow((await mail('signin-passwordless', email)).link)
  const user = (await visitor().auth.refreshToken({ refreshToken: landed.query.refreshToken })).body.user
  return { id: session.user.id, done, landed, user, old: await refusal(auth.refreshToken({ refreshToken: session.refreshToken })) }
}

async function magicLink() {
  const { auth } = visitor()
  const email = address('magic')
  const asked = (await auth.signInPasswordlessEmail({ email, options: { displayName: 'Magic', redirectTo: REDIRECT } })).body
  const program = await follow((await mail('signin-passwordless', email)).link)
  const user = (await auth.refreshToken({ refreshToken: program.query.refreshToken })).body.user
  await auth.signInPasswordlessEmail({ email })
  const { link } = await mail('signin-passwordless', email)
  const browser = await followAsBrowser(link)
  const there = (await visitor().auth.refreshToken({ refreshToken: browser.query.refreshToken })).body.user.id
  return { asked, program, user, browser, there, again: await follow(link) }
}

async function emailCode() {
  const { auth, nhost } = visitor()
  const email = address('code')
  const asked = (await auth.signInOTPEmail({ email, options: { locale: 'en' } })).body
  const { ticket } = await mail('signin-otp', email)
  const other = String((Number(ticket) + 1) % 1e6).padStart(6, '0')
  const wrong = await refusal(auth.verifySignInOTPEmail({ email, otp: other }))
  const session = (await auth.verifySignInOTPEmail({ email, otp: ticket })).body.session
  return { asked, wrong, email, user: session.user, stored: nhost.getUserSession().user.id, again: await refusal(visitor().auth.verifySignInOTPEmail({ email, otp: ticket })) }
}

async function smsCode() {
  const { auth } = visitor()
  const phoneNumber = `+4917${String(run).padStart(9, '0').slice(-9)}`
  const asked = (await auth.signInPasswordlessSms({ phoneNumber, options: { displayName: 'Phone' } })).body
  const otp = await sms(phoneNumber)
  const other = String((Number(otp) + 1) % 1e6).padStart(6, '0')
  const wrong = await refusal(auth.verifySignInPasswordlessSms({ phoneNumber, otp: other }))
  const session = (await auth.verifySignInPasswordlessSms({ phoneNumber, otp })).body.session
  return { asked, wrong, phoneNumber, user: session.user, again: await refusal(visitor().auth.verifySignInPasswordlessSms({ phoneNumber, otp })) }
}

async function passwords() {
  const { auth, email } = await newcomer('passwords')
  const other = visitor()
  await other.auth.signInEmailPassword({ email, password })
  const changed = (await auth.changeUserPassword({ newPassword: 'changed-It-1' })).body
  const otherEnded = await refusal(other.auth.refreshToken({ refreshToken: other.nhost.getUserSession().refreshToken }))
  const old = await refusal(visitor().auth.signInEmailPassword({ email, password }))
  const stranger = visitor()
  const reset = (await stranger.auth.sendPasswordResetEmail({ email, options: { redirectTo: REDIRECT } })).body
  const { ticket } = await mail('password-reset', email)
  const refused = await refusal(stranger.auth.changeUserPassword({ newPassword: 'ab', ticket }))
  const byTicket = (await stranger.auth.changeUserPassword({ newPassword: 'reset-It-2', ticket })).body
  const twice = await refusal(stranger.auth.changeUserPassword({ newPassword: 'reset-It-3', ticket }))
  await stranger.auth.sendPasswordResetEmail({ email, options: { redirectTo: REDIRECT } })
  const landed = await follow((await mail('password-reset', email)).link)
  await stranger.auth.refreshToken({ refreshToken: landed.query.refreshToken })
  const byLink = (await stranger.auth.changeUserPassword({ newPassword: 'linked-It-4' })).body
  return {
    changed, otherEnded, old, reset, refused, byTicket, twice, landed, byLink,
    nobody: (await visitor().auth.sendPasswordResetEmail({ email: address('nobody-here') })).body,
    without: await refusal(visitor().auth.changeUserPassword({ newPassword: 'reset-It-5' })),
    signedIn: (await visitor().auth.signInEmailPassword({ email, password: 'linked-It-4' })).body.session.user.email,
  }
}

async function emailChange() {
  const { auth, email } = await newcomer('change')
  const newEmail = address('changed')
  const taken = (await newcomer('taken')).email
  const asked = (await auth.changeUserEmail({ newEmail, options: { redirectTo: REDIRECT } })).body
  const before = await look(email)
  const landed = await follow((await mail('email-confirm-change', newEmail)).link)
  await auth.refreshToken({ refreshToken: landed.query.refreshToken })
  return { asked, before, landed, newEmail, user: (await auth.getUser()).body, refused: await refusal(auth.changeUserEmail({ newEmail: taken })) }
}

async function accessTokens() {
  const { auth, session, email } = await newcomer('pat')
  const expiresAt = new Date(Date.now() + 864e5).toISOString()
  const made = (await auth.createPAT({ expiresAt, metadata: { for: 'a robot' } })).body
  const robot = visitor()
  const signedIn = (await robot.auth.signInPAT({ personalAccessToken: made.personalAccessToken })).body.session
  return {
    made, expiresAt, id: session.user.id, signedIn,
    twice: (await visitor().auth.signInPAT({ personalAccessToken: made.personalAccessToken })).body.session.user.id,
    wrongKind: await refusal(visitor().auth.signInPAT({ personalAccessToken: session.refreshToken })),
    refreshed: await refusal(visitor().auth.refreshToken({ refreshToken: made.personalAccessToken })),
    past: await refusal(auth.createPAT({ expiresAt: 'tomorrow' })),
    row: await look(email),
  }
}

async function secondFactor() {
  const { auth, email } = await newcomer('mfa')
  const generated = (await auth.changeUserMfa()).body
  const wrong = await refusal(auth.verifyChangeUserMfa({ code: '000000', activeMfaType: 'totp' }))
  const activated = (await auth.verifyChangeUserMfa({ code: await totp(generated.totpSecret), activeMfaType: 'totp' })).body
  const active = (await auth.getUser()).body.activeMfaType
  const { auth: other, nhost } = visitor()
  const challenge = (await other.signInEmailPassword({ email, password })).body
  const between = nhost.getUserSession()
  const mistyped = await refusal(other.verifySignInMfaTotp({ ticket: challenge.mfa.ticket, otp: '000000' }))
  const otp = await totp(generated.totpSecret)
  const session = (await other.verifySignInMfaTotp({ ticket: challenge.mfa.ticket, otp })).body.session
  const twice = await refusal(visitor().auth.verifySignInMfaTotp({ ticket: challenge.mfa.ticket, otp }))
  const disabled = (await other.verifyChangeUserMfa({ code: await totp(generated.totpSecret), activeMfaType: '' })).body
  return {
    generated, wrong, activated, active, challenge, between, mistyped, twice, disabled,
    signedIn: session.user.email,
    after: (await other.getUser()).body.activeMfaType,
    plain: Object.keys((await visitor().auth.signInEmailPassword({ email, password })).body),
  }
}

async function providers() {
  const { auth } = visitor()
  const known = auth.signInProviderURL('github', { redirectTo: REDIRECT, metadata: { from: 'story' }, allowedRoles: ['user', 'me'], displayName: 'Jane' })
  const sent = await fetch(known, { redirect: 'manual' })
  const location = new URL(sent.headers.get('location'))
  return {
    status: sent.status,
    to: location.origin + location.pathname,
    query: Object.fromEntries(location.searchParams),
    cookie: Boolean(sent.headers.get('set-cookie')),
    off: await follow(auth.signInProviderURL('google', { redirectTo: REDIRECT })),
    idToken: await refusal(auth.signInIdToken({ provider: 'google', idToken: 'a.b.c' })),
    link: await refusal((await newcomer('link')).auth.linkIdToken({ provider: 'apple', idToken: 'a.b.c' })),
  }
}

async function securityKeys() {
  const { auth } = visitor()
  const email = address('key')
  const creation = (await auth.signUpWebauthn({ email, options: { displayName: 'Key' } })).body
  const made = await key('first', 'create', creation)
  const session = (await auth.verifySignUpWebauthn({ credential: made, options: { displayName: 'Key' }, nickname: 'phone' })).body.session
  const adding = await refusal(auth.addSecurityKey())
  const request = (await visitor().auth.signInWebauthn({ email })).body
  const { auth: other, nhost: there } = visitor()
  const again = (await other.verifySignInWebauthn({ email, credential: await key('first', 'get', request) })).body.session
  const usernameless = (await visitor().auth.signInWebauthn()).body
  return { creation, user: session.user, adding, request, again: again.user.id, stored: there.getUserSession().user.id, usernameless, row: await look(email) }
}

async function elevation() {
  const { auth, nhost, email } = await newcomer('elevate')
  const keyless = await refusal(auth.elevateWebauthn())
  const creation = (await auth.addSecurityKey()).body
  const added = (await auth.verifyAddSecurityKey({ credential: await key('second', 'create', creation), nickname: 'desk' })).body
  const expiresAt = new Date(Date.now() + 864e5).toISOString()
  const plain = await refusal(auth.createPAT({ expiresAt }))
  const request = (await auth.elevateWebauthn()).body
  const credential = await key('second', 'get', request)
  const session = (await auth.verifyElevateWebauthn({ email, credential })).body.session
  nhost.sessionStorage.set(session)
  return {
    keyless, added, plain, request, id: session.user.id,
    claims: nhost.getUserSession().decodedToken['https://hasura.io/jwt/claims'],
    made: Object.keys((await auth.createPAT({ expiresAt })).body),
  }
}

/** What this client learned after the Hasura Auth of our contract. */
async function later() {
  const { auth } = await newcomer('later')
  const codeChallenge = 'x'.repeat(43)
  return {
    challenge: await refusal(visitor().auth.signInPasswordlessEmail({ email: address('pkce'), codeChallenge })),
    exchange: await refusal(auth.tokenExchange({ code: crypto.randomUUID(), codeVerifier: codeChallenge })),
    providerTokens: await refusal(auth.getProviderTokens('github')),
    signUpCode: await refusal(visitor().auth.signUpOTPEmail({ email: address('later-code') })),
    row: await look(address('pkce')),
  }
}

await tell([
  service, signUp, verification, signIn, refresh, signOut, anonymous, anonymousByLink, magicLink, emailCode, smsCode,
  passwords, emailChange, accessTokens, secondFactor, providers, securityKeys, elevation, later,
])
