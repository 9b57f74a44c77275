// What the stories of the clients share: they ask the test for what a person would have (a mailed link, an SMS, a
// security key), follow links, and tell at the end what they saw.

import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
let last = Promise.resolve()

/** What the test answers to a need. One at a time. */
function ask(need, details = {}) {
  const answered = last.then(async () => {
    process.stdout.write(JSON.stringify({ need, ...details }) + '\n')
    return JSON.parse((await lines.next()).value)
  })
  last = answered.catch(() => undefined)
  return answered
}

/** The newest mail of a template to an address, waited for and read once: {link, ticket}. */
export const mail = (template, to) => ask('mail', { template, to })
/** The newest code sent to a number. */
export const sms = (number) => ask('sms', { number })
/** The code of this time. */
export const totp = (secret) => ask('totp', { secret })
/** What a security key makes of options: `create` or `get`. */
export const key = (name, use, options) => ask('key', { name, use, options })
/** The user's row and their sessions, by e-mail address, user id or phone number. */
export const look = (user) => ask('look', { user })

/** Tell the story: what every chapter returned, in order. */
export async function tell(chapters) {
  const story = {}
  for (const chapter of chapters) {
    try {
      story[chapter.name] = await chapter()
    } catch (error) {
      story[chapter.name] = { broken: String(error?.stack ?? JSON.stringify(error)), body: error?.body }
    }
  }
  process.stdout.write(JSON.stringify({ story }) + '\n')
  process.exit(0)
}

/** Where a link leads, and with what: opened as a program opens it. */
export async function follow(link) {
  return arrived(await fetch(link, { redirect: 'manual' }))
}

/** The same by a browser: the page is looked at, and its button pressed. */
export async function followAsBrowser(link) {
  const headers = { Accept: 'text/html,application/xhtml+xml', 'User-Agent': 'Mozilla/5.0' }
  const page = await fetch(link, { headers, redirect: 'manual' })
  const text = await page.text()
  const form = new URLSearchParams()
  for (const [input] of text.matchAll(/<input\b[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(input)
    const value = /\bvalue="([^"]*)"/.exec(input)
    if (name) form.set(name[1], (value?.[1] ?? '').replaceAll('&amp;', '&'))
  }
  const target = new URL(/\baction="([^"]*)"/.exec(text)?.[1] ?? '', link)
  target.search = ''
  const pressed = await fetch(target, { method: 'POST', headers, body: form, redirect: 'manual' })
  return { page: page.status, ...arrived(pressed) }
}

function arrived(answer) {
  const location = new URL(answer.headers.get('location') ?? 'https://nowhere.test')
  const to = location.origin + location.pathname
  return { status: answer.status, to, query: Object.fromEntries(location.searchParams) }
}

/** Wait until something is so; false when it takes longer than that. */
export async function until(isSo, milliseconds = 8000) {
  const end = Date.now() + milliseconds
  while (!isSo()) {
    if (Date.now() > end) return false
    await new Promise((resume) => setTimeout(resume, 20))
  }
  return true
}
