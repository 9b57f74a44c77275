// A visitor of the engine by @nhost/nhost-js, and how that tells of refusals.

import { createClient } from '@nhost/nhost-js'
import { FetchError } from '@nhost/nhost-js/fetch'

export const { open, strict, password, run } = JSON.parse(process.argv[2])
export const REDIRECT = 'https://app.test/welcome'

/** Keeps the session as the client's own memory storage does, and lets the story make it expire. */
export class Storage {
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

export function visitor(authUrl = open) {
  const storage = new Storage()
  const nhost = createClient({ authUrl, storage })
  return { nhost, auth: nhost.auth, storage }
}

export const address = (name) => `${name}.${run}@example.test`

export async function newcomer(name) {
  const visit = visitor()
  const email = address(name)
  const { body } = await visit.auth.signUpEmailPassword({ email, password })
  return { ...visit, email, session: body.session }
}

/** How the client tells of a refusal. */
export async function refusal(asked) {
  try {
    return { passed: (await asked).body ?? null }
  } catch (error) {
    return { isFetchError: error instanceof FetchError, status: error.status, body: error.body, message: error.message }
  }
}
