/** An IMAP server on loopback over a real store, with one listener under TLS and one for STARTTLS. */
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach } from 'node:test'
import { createSecureContext, createServer as createTlsServer } from 'node:tls'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { Login } from '../../../workloads/mail/accounts/login.ts'
import { createImapServer, type ImapServerOptions } from '../../../workloads/mail/imap/server.ts'
import type { MailStore } from '../../../workloads/mail/store/store.ts'
import { selfSignedCertificate } from '../../support/certificate.ts'
import { testStore } from '../../support/store.ts'
import { Client } from './client.ts'

export const domain = 'chat.example.org'
export const address = `alice@${domain}`
export const password = 'correct horse'

/** Values of the server's own entries. */
export const metadata = new Map([
  ['/shared/comment', 'Grüße'],
  ['/shared/admin', 'mailto:admin@chat.example.org'],
  ['/shared/vendor/deltachat/turn', '192.0.2.7:3478:1795548186:cGFzc3dvcmQ='],
  ['/shared/vendor/deltachat/maxsmtprecipients', '1000'],
])

let certificate: ReturnType<typeof selfSignedCertificate> | undefined

const loginTo =
  (store: MailStore): Login =>
  async (user, given) => {
    const account = await store.accounts.find(user)
    return account && given === password
      ? { ok: true, session: { accountId: account.id, address: user } }
      : { ok: false, reason: user === 'closed' ? 'closed' : 'refused' }
  }

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))

export type Fixture = Awaited<ReturnType<typeof startImap>>

/** Closed after each test, last one first. */
let open: (() => unknown)[] = []

afterEach(async () => {
  const closing = open.toReversed()
  open = []
  for (const close of closing) await close()
})

const client = async (port: number, secure: boolean): Promise<Client> => {
  const connected = await Client.connect(port, secure)
  open.push(() => connected.close())
  return connected
}

/** Starts everything with one account. It ends, and its data goes, after the test. */
export const startImap = async (options: Partial<ImapServerOptions> & { quota?: number } = {}) => {
  const { quota, ...rest } = options
  const test = await testStore(quota ? { quota } : {})
  const { store } = test
  const { account } = await store.accounts.create(address, 'verifier', 20_000)
  certificate ??= selfSignedCertificate(['localhost', '127.0.0.1'])
  const pair = await certificate
  const logged: string[] = []
  const metrics = new Registry()
  const imap = createImapServer({
    store,
    login: loginTo(store),
    metadata: (_, entry) => metadata.get(entry) ?? null,
    admit: (content) => (content.includes('refuse me') ? { ok: false, text: 'Encryption Needed' } : { ok: true }),
    secureContext: () => createSecureContext(pair),
    log: pino({}, { write: (line: string) => void logged.push(line) }),
    metrics,
    ...rest,
    limits: { messageSize: 1_000_000, ...rest.limits },
    timing: { failedLogin: 1, ...rest.timing },
  })
  const tls = createTlsServer(pair, (socket) => imap.accept(socket, { secure: true }))
  const plain = createServer((socket) => imap.accept(socket, { secure: false }))
  const [tlsPort, plainPort] = [await listening(tls), await listening(plain)]
  open.push(async () => {
    tls.close()
    plain.close()
    await imap.stop()
    await test.close()
  })
  return {
    imap,
    store,
    accountId: account.id,
    tlsPort,
    plainPort,
    logged,
    metrics,
    inbox: async () => (await store.mailboxes.find(account.id, 'INBOX'))!,
    /** Delivers to the account's INBOX. */
    deliver: (...contents: (string | Buffer)[]) =>
      Promise.all(
        contents.map((content) =>
          store.messages.deliver({ content: Buffer.from(content), flags: [], receivedAt: 1_795_000_000_000 }, [
            account.id,
          ]),
        ),
      ),
    connect: (secure = true) => client(secure ? tlsPort : plainPort, secure),
    /** A client that is logged in. */
    login: async () => {
      const loggedIn = await client(tlsPort, true)
      await loggedIn.command(`LOGIN "${address}" "${password}"`)
      return loggedIn
    },
  }
}

/** A short message. */
export const message = (subject: string, body = 'Hello\r\n'): string =>
  [
    `From: "Bob, B." <bob@${domain}>`,
    'Date: Wed, 18 Nov 2026 10:02:29 +0000',
    `Message-ID: <${encodeURIComponent(subject)}@localhost>`,
    `To: <${address}>`,
    `Subject: ${subject}`,
    'Chat-Version: 1.0',
    '',
    body,
  ].join('\r\n')
