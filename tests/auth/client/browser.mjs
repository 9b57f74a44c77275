// As much of a browser as @nhost/hasura-auth-js looks at: an address bar, its history, and security keys.

import { key } from './dialogue.mjs'

/** Do something on a page with this address; the history is what the client made of the address. */
export async function inBrowser(address, work) {
  const history = []
  const location = new URL(address)
  const pushState = (_state, _title, url) => {
    history.push(url)
    location.href = new URL(url, location).href
  }
  globalThis.window = { location, history: { pushState } }
  try {
    return await work(history)
  } finally {
    delete globalThis.window
  }
}

/** Do something where the person holds a security key of this name. */
export async function withSecurityKey(name, work) {
  const credentials = {
    create: async ({ publicKey }) => created(await key(name, 'create', asText(publicKey))),
    get: async ({ publicKey }) => asserted(await key(name, 'get', asText(publicKey))),
  }
  globalThis.window = { PublicKeyCredential: class {} }
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  Object.defineProperty(globalThis, 'navigator', { value: { credentials }, configurable: true })
  try {
    return await work()
  } finally {
    delete globalThis.window
    delete globalThis.navigator
    if (before) Object.defineProperty(globalThis, 'navigator', before)
  }
}

const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64url')).buffer
const encoded = (raw) => Buffer.from(raw).toString('base64url')

/** The options as the engine wrote them, from what the client made of them. */
function asText(options) {
  const user = options.user && { ...options.user, id: new TextDecoder().decode(options.user.id) }
  return { ...options, challenge: encoded(options.challenge), ...(user && { user }) }
}

function created(credential) {
  const { response } = credential
  return framed(credential, {
    clientDataJSON: bytes(response.clientDataJSON),
    attestationObject: bytes(response.attestationObject),
    getTransports: () => response.transports,
    getPublicKeyAlgorithm: () => response.publicKeyAlgorithm,
    getPublicKey: () => null,
    getAuthenticatorData: () => bytes(response.authenticatorData),
  })
}

function asserted(credential) {
  const { response } = credential
  return framed(credential, {
    clientDataJSON: bytes(response.clientDataJSON),
    authenticatorData: bytes(response.authenticatorData),
    signature: bytes(response.signature),
    userHandle: bytes(response.userHandle),
  })
}

function framed(credential, response) {
  const getClientExtensionResults = () => credential.clientExtensionResults
  return {
    id: credential.id,
    rawId: bytes(credential.rawId),
    type: credential.type,
    response,
    getClientExtensionResults,
  }
}
