/** A submission server on loopback with a real store, and a client that sends what it is told, byte for byte. */
import { once } from 'node:events'
import { type AddressInfo, createServer as createPlainServer, connect as plainConnect, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, connect as tlsConnect } from 'node:tls'
import type { Login } from '../../../workloads/mail/accounts/login.ts'
import { createDelivery } from '../../../workloads/mail/delivery/delivery.ts'
import { createSubmissionServer, type SubmissionOptions } from '../../../workloads/mail/smtp/server.ts'
import type { MailStore } from '../../../workloads/mail/store/store.ts'
import { selfSignedCertificate } from '../../support/certificate.ts'
import { testStore } from '../../support/store.ts'

export const domain = '_chat'
export const password = 'correct horse battery'
export const alice = `alice@${domain}`
export const bob = `bob@${domain}`
export const carol = `carol@${domain}`

export type How = 'secure' | 'clear' | 'trusted'

export type HarnessOptions = Partial<Omit<SubmissionOptions, 'limits'>> & {
  limits?: Partial<SubmissionOptions['limits']> & { sendPerMinute?: number; sendBurst?: number }
  quota?: number
  store?: (store: MailStore) => MailStore
}

const limits = { messageSize: 31_457_280, recipients: 1000, sendPerMinute: 60_000, sendBurst: 1000 }

/** The password is right for every account; some names fail in their own way. */
const loginWith =
  (store: MailStore): Login =>
  async (user, given) => {
    if (user.startsWith('closed@')) return { ok: false, reason: 'closed' }
    if (user.startsWith('busy@')) return { ok: false, reason: 'unavailable' }
    const account = given === password ? await store.accounts.find(user) : null
    if (!account) return { ok: false, reason: 'refused' }
    return { ok: true, session: { accountId: account.id, address: account.address } }
  }

const listening = async (server: import('node:net').Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export const startSubmission = async (options: HarnessOptions = {}) => {
  const kept = await testStore(options.quota ? { quota: options.quota } : {})
  const store = options.store?.(kept.store) ?? kept.store
  const ids = new Map<string, number>()
  for (const address of [alice, bob, carol])
    ids.set(address, (await store.accounts.create(address, 'none', 20_000)).account.id)
  const certificate = await selfSignedCertificate([domain, '127.0.0.1'])
  const server = createSubmissionServer({
    hostname: domain,
    login: loginWith(store),
    certificate,
    stopGraceMs: 2000,
    ...options,
    delivery: createDelivery({
      store,
      domain,
      limits: { ...limits, ...options.limits },
      clock: { now: Date.now, monotonic: () => performance.now() },
    }),
    limits: { ...limits, ...options.limits },
  })
  const secure = createTlsServer({ ...certificate, ALPNProtocols: ['smtp'] }, (socket) =>
    server.accept(socket, { secure: true }),
  )
  secure.on('tlsClientError', (_error, socket) => socket.destroy())
  const clear = createPlainServer((socket) => server.accept(socket, { secure: false }))
  // What arrives here counts as TLS, so that many hostile sessions need no handshake each.
  const trusted = createPlainServer((socket) => server.accept(socket, { secure: true }))
  const ports = {
    secure: await listening(secure),
    clear: await listening(clear),
    trusted: await listening(trusted),
  }

  const inbox = async (address: string): Promise<Buffer[]> => {
    const mailbox = await store.mailboxes.find(ids.get(address)!, 'INBOX')
    const messages: Buffer[] = []
    for await (const { content } of store.messages.read(mailbox!.id, [{ from: 1, to: Infinity }], 'content'))
      messages.push(content!)
    return messages
  }

  const clients = new Set<Client>()
  const client = async (how: How = 'secure', alpn?: string): Promise<Client> => {
    const opened = await Client.open(how, ports[how], alpn)
    clients.add(opened)
    return opened
  }
  return {
    server,
    store,
    ids,
    ports,
    inbox,
    client,
    /** A client that is greeted, over TLS and logged in. */
    loggedIn: async (address = alice): Promise<Client> => {
      const opened = await client()
      await opened.login(address)
      return opened
    },
    close: async () => {
      for (const opened of clients) opened.destroy()
      secure.close()
      clear.close()
      trusted.close()
      await server.stop()
      await kept.close()
    },
  }
}

export const plainToken = (user: string, secret = password): string =>
  Buffer.from(`\0${user}\0${secret}`).toString('base64')

export class Client {
  socket: Socket | TLSSocket
  closed = false
  #text = ''
  #wake: (() => void) | null = null

  private constructor(socket: Socket | TLSSocket) {
    this.socket = socket
    this.#listen()
  }

  static async open(how: How, port: number, alpn?: string): Promise<Client> {
    const at = { port, host: '127.0.0.1' }
    const tls = { ...at, rejectUnauthorized: false, ...(alpn ? { ALPNProtocols: [alpn] } : {}) }
    const socket = how === 'secure' ? tlsConnect(tls) : plainConnect(at)
    const client = new Client(socket)
    await once(socket, how === 'secure' ? 'secureConnect' : 'connect')
    return client
  }

  /** The next whole reply, its lines joined by `\n`; null once the server has closed. */
  async reply(): Promise<string | null> {
    for (;;) {
      const match = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(this.#text)
      if (match) {
        this.#text = this.#text.slice(match[0].length)
        return match[0].trimEnd().replaceAll('\r\n', '\n')
      }
      if (this.closed) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  write(data: string | Buffer): void {
    this.socket.write(data)
  }

  async command(line: string): Promise<string | null> {
    this.write(`${line}\r\n`)
    return this.reply()
  }

  async login(address: string): Promise<void> {
    await this.reply()
    await this.command('EHLO [127.0.0.1]')
    const reply = await this.command(`AUTH PLAIN ${plainToken(address)}`)
    if (!reply?.startsWith('235')) throw new Error(`no login: ${reply}`)
  }

  /** One transaction; the reply that ended it. */
  async send(from: string, to: readonly string[], message: Buffer | string): Promise<string | null> {
    for (const line of [`MAIL FROM:<${from}>`, ...to.map((address) => `RCPT TO:<${address}>`), 'DATA']) {
      const reply = await this.command(line)
      if (!reply || reply >= '4') return reply
    }
    return this.content(message)
  }

  /** Content after 354, dot-stuffed and ended. */
  async content(message: Buffer | string): Promise<string | null> {
    const text = message.toString('latin1').replace(/(^|\r\n)\./g, '$1..')
    this.write(Buffer.from(`${text}${text.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1'))
    return this.reply()
  }

  async startTls(): Promise<void> {
    this.socket.removeAllListeners()
    this.socket = tlsConnect({ socket: this.socket, rejectUnauthorized: false })
    this.#listen()
    await once(this.socket, 'secureConnect')
  }

  destroy(): void {
    this.socket.destroy()
  }

  #listen(): void {
    this.socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1')
      this.#wake?.()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.closed = true
      this.#wake?.()
    })
  }
}
