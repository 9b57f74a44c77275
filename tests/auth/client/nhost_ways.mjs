// Chapters of @nhost/nhost-js: the other ways in, and what an account signs in with.

import { follow, followAsBrowser, key, look, mail, sms, totp } from './dialogue.mjs'
import { REDIRECT, address, newcomer, password, refusal, run, visitor } from './nhost_visitor.mjs'

export async function magicLink() {
  const { auth } = visitor()
  const email = address('magic')
  const asked = (await auth.signInPasswordlessEmail({ email, options: { displayName: 'Magic', redirectTo: REDIRECT } }))
    .body
  const program = await follow((await mail('signin-passwordless', email)).link)
  const user = (await auth.refreshToken({ refreshToken: program.query.refreshToken })).body.user
  await auth.signInPasswordlessEmail({ email })
  const { link } = await mail('signin-passwordless', email)
  const browser = await followAsBrowser(link)
  const there = (await visitor().auth.refreshToken({ refreshToken: browser.query.refreshToken })).body.user.id
  return { asked, program, user, browser, there, again: await follow(link) }
}

export async function emailCode() {
  const { auth, nhost } = visitor()
  const email = address('code')
  const asked = (await auth.signInOTPEmail({ email, options: { locale: 'en' } })).body
  const { ticket } = await mail('signin-otp', email)
  const other = String((Number(ticket) + 1) % 1e6).padStart(6, '0')
  const wrong = await refusal(auth.verifySignInOTPEmail({ email, otp: other }))
  const session = (await auth.verifySignInOTPEmail({ email, otp: ticket })).body.session
  return {
    asked,
    wrong,
    email,
    user: session.user,
    stored: nhost.getUserSession().user.id,
    again: await refusal(visitor().auth.verifySignInOTPEmail({ email, otp: ticket })),
  }
}

export async function smsCode() {
  const { auth } = visitor()
  const phoneNumber = `+4917${String(run).padStart(9, '0').slice(-9)}`
  const asked = (await auth.signInPasswordlessSms({ phoneNumber, options: { displayName: 'Phone' } })).body
  const otp = await sms(phoneNumber)
  const other = String((Number(otp) + 1) % 1e6).padStart(6, '0')
  const wrong = await refusal(auth.verifySignInPasswordlessSms({ phoneNumber, otp: other }))
  const session = (await auth.verifySignInPasswordlessSms({ phoneNumber, otp })).body.session
  return {
    asked,
    wrong,
    phoneNumber,
    user: session.user,
    again: await refusal(visitor().auth.verifySignInPasswordlessSms({ phoneNumber, otp })),
  }
}

export async function passwords() {
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
    changed,
    otherEnded,
    old,
    reset,
    refused,
    byTicket,
    twice,
    landed,
    byLink,
    nobody: (await visitor().auth.sendPasswordResetEmail({ email: address('nobody-here') })).body,
    without: await refusal(visitor().auth.changeUserPassword({ newPassword: 'reset-It-5' })),
    signedIn: (await visitor().auth.signInEmailPassword({ email, password: 'linked-It-4' })).body.session.user.email,
  }
}

export async function emailChange() {
  const { auth, email } = await newcomer('change')
  const newEmail = address('changed')
  const taken = (await newcomer('taken')).email
  const asked = (await auth.changeUserEmail({ newEmail, options: { redirectTo: REDIRECT } })).body
  const before = await look(email)
  const landed = await follow((await mail('email-confirm-change', newEmail)).link)
  await auth.refreshToken({ refreshToken: landed.query.refreshToken })
  return {
    asked,
    before,
    landed,
    newEmail,
    user: (await auth.getUser()).body,
    refused: await refusal(auth.changeUserEmail({ newEmail: taken })),
  }
}

export async function accessTokens() {
  const { auth, session, email } = await newcomer('pat')
  const expiresAt = new Date(Date.now() + 864e5).toISOString()
  const made = (await auth.createPAT({ expiresAt, metadata: { for: 'a robot' } })).body
  const robot = visitor()
  const signedIn = (await robot.auth.signInPAT({ personalAccessToken: made.personalAccessToken })).body.session
  return {
    made,
    expiresAt,
    id: session.user.id,
    signedIn,
    twice: (await visitor().auth.signInPAT({ personalAccessToken: made.personalAccessToken })).body.session.user.id,
    wrongKind: await refusal(visitor().auth.signInPAT({ personalAccessToken: session.refreshToken })),
    refreshed: await refusal(visitor().auth.refreshToken({ refreshToken: made.personalAccessToken })),
    past: await refusal(auth.createPAT({ expiresAt: 'tomorrow' })),
    row: await look(email),
  }
}

export async function secondFactor() {
  const { auth, email } = await newcomer('mfa')
  const generated = (await auth.changeUserMfa()).body
  const wrong = await refusal(auth.verifyChangeUserMfa({ code: '000000', activeMfaType: 'totp' }))
  const activated = (await auth.verifyChangeUserMfa({ code: await totp(generated.totpSecret), activeMfaType: 'totp' }))
    .body
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
    generated,
    wrong,
    activated,
    active,
    challenge,
    between,
    mistyped,
    twice,
    disabled,
    signedIn: session.user.email,
    after: (await other.getUser()).body.activeMfaType,
    plain: Object.keys((await visitor().auth.signInEmailPassword({ email, password })).body),
  }
}

export async function providers() {
  const { auth } = visitor()
  const known = auth.signInProviderURL('github', {
    redirectTo: REDIRECT,
    metadata: { from: 'story' },
    allowedRoles: ['user', 'me'],
    displayName: 'Jane',
  })
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

export async function securityKeys() {
  const { auth } = visitor()
  const email = address('key')
  const creation = (await auth.signUpWebauthn({ email, options: { displayName: 'Key' } })).body
  const made = await key('first', 'create', creation)
  const session = (
    await auth.verifySignUpWebauthn({ credential: made, options: { displayName: 'Key' }, nickname: 'phone' })
  ).body.session
  const adding = await refusal(auth.addSecurityKey())
  const request = (await visitor().auth.signInWebauthn({ email })).body
  const { auth: other, nhost: there } = visitor()
  const again = (await other.verifySignInWebauthn({ email, credential: await key('first', 'get', request) })).body
    .session
  const usernameless = (await visitor().auth.signInWebauthn()).body
  return {
    creation,
    user: session.user,
    adding,
    request,
    again: again.user.id,
    stored: there.getUserSession().user.id,
    usernameless,
    row: await look(email),
  }
}

export async function elevation() {
  const { auth, nhost, email } = await newcomer('elevate')
  const keyless = await refusal(auth.elevateWebauthn())
  const creation = (await auth.addSecurityKey()).body
  const added = (
    await auth.verifyAddSecurityKey({ credential: await key('second', 'create', creation), nickname: 'desk' })
  ).body
  const expiresAt = new Date(Date.now() + 864e5).toISOString()
  const plain = await refusal(auth.createPAT({ expiresAt }))
  const request = (await auth.elevateWebauthn()).body
  const credential = await key('second', 'get', request)
  const session = (await auth.verifyElevateWebauthn({ email, credential })).body.session
  nhost.sessionStorage.set(session)
  return {
    keyless,
    added,
    plain,
    request,
    id: session.user.id,
    claims: nhost.getUserSession().decodedToken['https://hasura.io/jwt/claims'],
    made: Object.keys((await auth.createPAT({ expiresAt })).body),
  }
}

/** What this client learned after the Hasura Auth of our contract. */
export async function later() {
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
