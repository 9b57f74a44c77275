// The story of @nhost/hasura-auth-js: a state machine that signs in, refreshes by itself, and tells errors as payloads.

import {
  HasuraAuthClient,
  activateMfaPromise,
  createEnableMfaMachine,
  disableMfaPromise,
  generateQrCodePromise,
} from '@nhost/hasura-auth-js'
import { interpret } from 'xstate'

import { inBrowser, withSecurityKey } from './browser.mjs'
import { follow, look, mail, sms, tell, totp, until } from './dialogue.mjs'

const { open, strict, password, run } = JSON.parse(process.argv[2])
const REDIRECT = 'https://app.test/welcome'
const address = (name) => `${name}.state.${run}@example.test`

function visitor(url = open, options = {}) {
  const kept = new Map()
  const clientStorage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  }
  const auth = new HasuraAuthClient({ url, clientStorageType: 'custom', clientStorage, ...options })
  return Object.assign(auth, { kept, clientStorage })
}

async function newcomer(name, options = {}) {
  const auth = visitor(open, options)
  const email = address(name)
  const { session } = await auth.signUp({ email, password })
  return { auth, email, session }
}

/** A refresh of its own accord, which takes some seconds: begun first, told last. */
const tick = (async () => {
  const { auth, session } = await newcomer('tick', { refreshIntervalTime: 1 })
  const changes = []
  auth.onTokenChanged((each) => changes.push(each?.refreshToken))
  return { auth, first: session.refreshToken, changes }
})()

async function signUp() {
  const auth = visitor()
  const states = []
  auth.onAuthStateChanged((event) => states.push(event))
  const email = address('sign-up')
  const options = { displayName: 'Jane Doe', metadata: { tier: 'gold' }, redirectTo: REDIRECT, locale: 'en' }
  const { session, error } = await auth.signUp({ email, password, options })
  return {
    error,
    email,
    user: auth.getUser(),
    same: session.accessToken === auth.getAccessToken(),
    isAuthenticated: await auth.isAuthenticatedAsync(),
    claims: auth.getHasuraClaims(),
    userId: auth.getHasuraClaim('user-id'),
    stored: auth.kept.get('nhostRefreshToken') === session.refreshToken,
    states,
    again: (await visitor().signUp({ email, password })).error,
  }
}

async function verification() {
  const auth = visitor(strict)
  const email = address('verification')
  const signedUp = await auth.signUp({ email, password, options: { redirectTo: REDIRECT } })
  await mail('email-verify', email)
  const early = await auth.signIn({ email, password })
  const sent = await auth.sendVerificationEmail({ email, options: { redirectTo: REDIRECT } })
  const landed = await follow((await mail('email-verify', email)).link)
  return {
    signedUp,
    early,
    sent,
    landed,
    signedIn: (await auth.signIn({ email, password })).session.user.emailVerified,
    again: await auth.sendVerificationEmail({ email }),
  }
}

async function signIn() {
  const { email } = await newcomer('sign-in')
  const auth = visitor()
  const wrong = await auth.signIn({ email, password: `not ${password}` })
  const wrongThen = auth.isAuthenticated()
  const right = await auth.signIn({ email, password })
  return {
    email,
    wrong,
    wrongThen,
    error: right.error,
    user: right.session.user.email,
    busy: (await auth.signIn({ email, password })).error,
  }
}

async function refresh() {
  const { auth, session, email } = await newcomer('refresh')
  const first = await auth.refreshSession()
  const other = visitor()
  const byToken = await other.refreshSession(first.session.refreshToken)
  const reopened = visitor(open, { clientStorage: other.clientStorage })
  const restored = await reopened.isAuthenticatedAsync()
  return {
    tokens: [session, first.session, byToken.session, reopened.getSession()].map((each) => each.refreshToken),
    email,
    restored,
    user: reopened.getUser().email,
    unknown: await visitor().refreshSession(crypto.randomUUID()),
    none: await visitor().refreshSession(),
  }
}

async function signOut() {
  const { auth, email } = await newcomer('sign-out')
  const other = visitor()
  await other.signIn({ email, password })
  const token = auth.getSession().refreshToken
  const before = (await look(email)).sessions
  const one = await auth.signOut()
  const after = (await look(email)).sessions
  const third = visitor()
  await third.signIn({ email, password })
  const all = await other.signOut({ all: true })
  return {
    before,
    one,
    after,
    all,
    stored: auth.kept.get('nhostRefreshToken') ?? null,
    isAuthenticated: auth.isAuthenticated(),
    ended: (await visitor().refreshSession(token)).error,
    end: (await look(email)).sessions,
  }
}

async function anonymous() {
  const auth = visitor()
  const { session, error } = await auth.signIn()
  const email = address('was-anonymous')
  const done = await auth.deanonymize({
    signInMethod: 'email-password',
    email,
    password,
    options: { redirectTo: REDIRECT },
  })
  const refreshed = await auth.refreshSession(session.refreshToken)
  return {
    error,
    guest: session.user,
    done,
    email,
    refreshed: refreshed.session?.user ?? refreshed,
    row: await look(email),
  }
}

async function anonymousByLink() {
  const auth = visitor()
  const { session } = await auth.signIn()
  const email = address('linked-anonymous')
  const done = await auth.deanonymize({
    signInMethod: 'passwordless',
    connection: 'email',
    email,
    options: { redirectTo: REDIRECT },
  })
  const landed = await follow((await mail('signin-passwordless', email)).link)
  return { id: session.user.id, done, user: (await visitor().refreshSession(landed.query.refreshToken)).session.user }
}

async function magicLink() {
  const email = address('magic')
  const asked = await visitor().signIn({ email, options: { redirectTo: REDIRECT } })
  const landed = await follow((await mail('signin-passwordless', email)).link)
  const url = `${landed.to}?${new URLSearchParams(landed.query)}`
  const arrived = await inBrowser(url, async (history) => {
    const auth = visitor()
    await auth.isAuthenticatedAsync()
    await until(() => history.length > 0)
    return { user: auth.getUser()?.email, history }
  })
  return { asked, landed, arrived, email }
}

async function codes() {
  const email = address('code')
  const auth = visitor()
  const asked = await auth.signInEmailOTP(email)
  const { ticket } = await mail('signin-otp', email)
  const wrong = await auth.verifyEmailOTP(email, String((Number(ticket) + 1) % 1e6).padStart(6, '0'))
  const right = await auth.verifyEmailOTP(email, ticket)
  const phoneNumber = `+4916${String(run).padStart(9, '0').slice(-9)}`
  const phone = visitor()
  const texted = await phone.signIn({ phoneNumber })
  const signedIn = await phone.signIn({ phoneNumber, otp: await sms(phoneNumber) })
  return {
    asked,
    wrong,
    email,
    user: right.session.user.email,
    texted,
    phoneNumber,
    phone: signedIn.session.user.phoneNumber,
  }
}

async function passwords() {
  const { auth, email } = await newcomer('passwords')
  const changed = await auth.changePassword({ newPassword: 'changed-It-1' })
  const reset = await visitor().resetPassword({ email, options: { redirectTo: REDIRECT } })
  const { ticket } = await mail('password-reset', email)
  const stranger = visitor()
  return {
    changed,
    reset,
    email,
    byTicket: await stranger.changePassword({ newPassword: 'reset-It-2', ticket }),
    twice: await stranger.changePassword({ newPassword: 'reset-It-3', ticket }),
    old: (await visitor().signIn({ email, password })).error,
    signedIn: (await visitor().signIn({ email, password: 'reset-It-2' })).session.user.email,
  }
}

async function emailChange() {
  const { auth, email } = await newcomer('change')
  const newEmail = address('changed')
  const asked = await auth.changeEmail({ newEmail, options: { redirectTo: REDIRECT } })
  const landed = await follow((await mail('email-confirm-change', newEmail)).link)
  const { session } = await visitor().refreshSession(landed.query.refreshToken)
  return { asked, newEmail, landed, now: session.user.email, old: await look(email) }
}

async function accessTokens() {
  const { auth, session } = await newcomer('pat')
  const made = await auth.createPAT(new Date(Date.now() + 864e5), { for: 'a robot' })
  const robot = visitor()
  const signedIn = await robot.signInPAT(made.data.personalAccessToken)
  return {
    made: { ...made, data: Object.keys(made.data) },
    id: session.user.id,
    signedIn: signedIn.session.user.id,
    wrong: (await visitor().signInPAT(crypto.randomUUID())).error,
  }
}

async function secondFactor() {
  const { auth, email } = await newcomer('mfa')
  const machine = interpret(createEnableMfaMachine(auth.client)).start()
  const generated = await generateQrCodePromise(machine)
  const wrong = await activateMfaPromise(machine, '000000')
  const activated = await activateMfaPromise(machine, await totp(generated.totpSecret))
  const other = visitor()
  const challenge = await other.signIn({ email, password })
  const mistyped = await other.signIn({ otp: '000000', ticket: challenge.mfa.ticket })
  const signedIn = await other.signIn({ otp: await totp(generated.totpSecret), ticket: challenge.mfa.ticket })
  const off = interpret(createEnableMfaMachine(other.client)).start()
  const disabled = await disableMfaPromise(off, await totp(generated.totpSecret))
  return {
    email,
    generated: { ...generated, qrCodeDataUrl: generated.qrCodeDataUrl.slice(0, 22) },
    wrong,
    activated,
    challenge,
    mistyped,
    disabled,
    signedIn: signedIn.session.user.email,
    plain: (await visitor().signIn({ email, password })).mfa,
  }
}

async function providers() {
  const { auth } = await newcomer('providers')
  const { providerUrl } = await visitor().signIn({
    provider: 'github',
    options: { redirectTo: REDIRECT, metadata: { a: 1 } },
  })
  const connect = (await auth.connectProvider({ provider: 'github', options: { redirectTo: REDIRECT } })).providerUrl
  return {
    sent: await follow(providerUrl),
    connect: await follow(connect),
    idToken: (await visitor().signInIdToken({ provider: 'google', idToken: 'a.b.c' })).error,
  }
}

async function securityKeys() {
  return withSecurityKey('third', async () => {
    const email = address('key')
    const signedUp = await visitor().signUp({ email, securityKey: true, options: { displayName: 'Key' } })
    const byAddress = await visitor().signIn({ email, securityKey: true })
    const byKey = await visitor().signInSecurityKey()
    return {
      email,
      error: signedUp.error,
      users: [signedUp, byAddress, byKey].map((each) => each.session?.user.email ?? each),
    }
  })
}

async function elevation() {
  return withSecurityKey('fourth', async () => {
    const { auth, email, session } = await newcomer('elevate')
    const added = await auth.addSecurityKey('desk')
    const later = new Date(Date.now() + 864e5)
    const plain = await auth.createPAT(later)
    const elevated = await auth.elevateEmailSecurityKey(email)
    return {
      added,
      plain,
      elevated,
      claim: auth.getHasuraClaim('auth-elevated'),
      id: session.user.id,
      made: await auth.createPAT(later),
    }
  })
}

async function byItself() {
  const { auth, first, changes } = await tick
  const isRefreshed = await until(() => auth.getSession().refreshToken !== first)
  return {
    isRefreshed,
    isAuthenticated: auth.isAuthenticated(),
    told: changes.includes(auth.getSession().refreshToken),
  }
}

await tell([
  signUp,
  verification,
  signIn,
  refresh,
  signOut,
  anonymous,
  anonymousByLink,
  magicLink,
  codes,
  passwords,
  emailChange,
  accessTokens,
  secondFactor,
  providers,
  securityKeys,
  elevation,
  byItself,
])
