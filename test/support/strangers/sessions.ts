/** The sessions of real clients that strangers damage: what each does, and the bytes that it sent. */

import { coreMissing } from '../deltachat.ts'
import type { LocalServer, ServerSummary } from '../local-server.ts'
import { type Login, openInbox, type Security, submit } from '../mail-clients.ts'
import { encryptedMessage } from '../messages.ts'
import { Person } from '../person.ts'
import { record, type Target } from './recorder.ts'

export type Recorded = Target & { bytes: Buffer }

/** A bit of everything that an IMAP client does. */
export const readMail = async (port: number, security: Security, login: Login, compress = false): Promise<void> => {
  const client = await openInbox({ port, security }, login, { compress })
  await client.fetchAll('1:*', { envelope: true, bodyStructure: true, flags: true, source: true })
  await client.append('INBOX', encryptedMessage({ from: login.user, size: 900 }), ['\\Seen'])
  await client.search({ or: [{ seen: true }, { subject: 'hello' }] })
  await client.messageFlagsAdd('1:*', ['\\Flagged'])
  await client.mailboxCreate('Ablage/Älteres')
  await client.messageMove('1:*', 'Ablage/Älteres')
  await client.status('INBOX', { messages: true, uidNext: true })
  const idling = client.idle()
  await client.noop()
  await idling
  await client.logout()
}

export const sendMail = (port: number, security: Security, { user, pass }: Login): Promise<unknown> =>
  submit({ port, security }, { user, pass }, user, encryptedMessage({ from: user, size: 2000 }))

export const visit = async (origin: string): Promise<void> => {
  const form = { method: 'POST', body: new URLSearchParams({ token: 'no such token' }) }
  for (const [path, init] of [
    ['/', {}],
    ['/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=a%40b', {}],
    ['/', form],
    ['/new', { method: 'POST' }],
    ['/nothing/here', { method: 'HEAD' }],
  ] as const)
    await (await fetch(origin + path, init)).arrayBuffer()
}

/** The stock core sets up a profile and sends a message to its owner, in clear to the recorders. */
const deltaChat = async (imap: number, smtp: number, { user, pass }: Login): Promise<void> => {
  const query = new URLSearchParams({ p: pass, v: '1', ih: '127.0.0.1', ip: `${imap}`, is: 'plain' })
  for (const [key, value] of Object.entries({ sh: '127.0.0.1', sp: `${smtp}`, ss: 'plain' })) query.set(key, value)
  const person = await Person.join('Alice', `dclogin:${user}?${query}`)
  try {
    await person.setConfig('bcc_self', '1')
    await person.sendTextAndWait(await person.call<number>('create_chat_by_contact_id', 1), 'Note')
  } finally {
    await person.stop()
  }
}

/** Records every kind of session once and gives it with the port that it was with. */
export const recordSessions = async ({ ports }: LocalServer, { domain }: ServerSummary): Promise<Recorded[]> => {
  const login = { user: `recorded@${domain}`, pass: 'recorded-0123' }
  const taken: Recorded[] = []
  const take = async (port: number, secure: boolean, use: (port: number) => Promise<unknown>): Promise<void> => {
    for (const bytes of await record({ port, secure }, use)) if (bytes.length) taken.push({ port, secure, bytes })
  }
  await take(ports.imaps, true, (port) => readMail(port, 'clear', login))
  await take(ports.imaps, true, (port) => readMail(port, 'clear', login, true))
  await take(ports.imaps, false, (port) => readMail(port, 'tls', login))
  await take(ports.imap, false, (port) => readMail(port, 'starttls', login))
  await take(ports.submissions, true, (port) => sendMail(port, 'clear', login))
  await take(ports.submissions, false, (port) => sendMail(port, 'tls', login))
  await take(ports.submission, false, (port) => sendMail(port, 'starttls', login))
  await take(ports.https, true, (port) => visit(`http://127.0.0.1:${port}`))
  if (coreMissing()) return taken
  const own = { ...login, user: `core-user@${domain}` }
  await take(ports.imaps, true, (imap) => take(ports.submissions, true, (smtp) => deltaChat(imap, smtp, own)))
  return taken
}
