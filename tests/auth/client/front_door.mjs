// The whole of @nhost/nhost-js against usher: it signs up, asks the GraphQL engine, and refreshes on its way there.

import { createClient } from '@nhost/nhost-js'

import { tell } from './dialogue.mjs'

const { auth: authUrl, graphql: graphqlUrl, password, run } = JSON.parse(process.argv[2])

const storage = {
  session: null,
  get: () => storage.session,
  set: (value) => (storage.session = value),
  remove: () => (storage.session = null),
}
const nhost = createClient({ authUrl, graphqlUrl, storage })
const NOTES = '{ notes { text userId } }'
const WRITE = 'mutation ($text: String!) { insertNote(object: { text: $text }) { text userId } }'

async function ask(query, variables) {
  try {
    return (await nhost.graphql.request({ query, variables })).body
  } catch (error) {
    return { message: error.message, status: error.status, errors: error.body.errors }
  }
}

async function asks() {
  const { body } = await nhost.auth.signUpEmailPassword({ email: `door.${run}@example.test`, password })
  const written = await ask(WRITE, { text: 'mine' })
  const first = storage.session.refreshToken
  storage.session = {
    ...storage.session,
    accessToken: 'a.b.c',
    decodedToken: { ...storage.session.decodedToken, exp: Date.now() - 1000 },
  }
  const read = await ask(NOTES)
  const isRefreshed = storage.session.refreshToken !== first
  await nhost.auth.signOut({ refreshToken: storage.session.refreshToken })
  return {
    id: body.session.user.id,
    written,
    read,
    isRefreshed,
    session: nhost.getUserSession(),
    stranger: await ask(NOTES),
  }
}

await tell([asks])
