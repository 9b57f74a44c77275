// The story of @nhost/nhost-js: every call of its `auth` client that it shares with Hasura Auth of its own repository.

import { tell } from './dialogue.mjs'
import {
  service,
  signUp,
  verification,
  signIn,
  refresh,
  signOut,
  anonymous,
  anonymousByLink,
} from './nhost_sessions.mjs'
import {
  magicLink,
  emailCode,
  smsCode,
  passwords,
  emailChange,
  accessTokens,
  secondFactor,
  providers,
  securityKeys,
  elevation,
  later,
} from './nhost_ways.mjs'

await tell([
  service,
  signUp,
  verification,
  signIn,
  refresh,
  signOut,
  anonymous,
  anonymousByLink,
  magicLink,
  emailCode,
  smsCode,
  passwords,
  emailChange,
  accessTokens,
  secondFactor,
  providers,
  securityKeys,
  elevation,
  later,
])
