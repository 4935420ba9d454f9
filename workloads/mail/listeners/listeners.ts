/**
 * The sockets of a mail server: which listener speaks what. The HTTPS port serves IMAP and SMTP too, to clients that ask
 * for them by ALPN (RFC 7301), and TURN, over TLS and without, to those that start with it, so that one open port is enough
 * behind a strict firewall.
 */
import { createServer as createPlainServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import { listen } from '../../kit/lifecycle/listen.ts'
import type { CertificatePair } from '../../kit/mounts/parse.ts'
import { firstByte } from '../../kit/sockets/first-byte.ts'
import { tlsSettings } from '../../kit/tls/settings.ts'
import { turnAlpn, turnFirstByte } from '../relays/turn-connections.ts'

export type Protocol = { accept: (socket: Socket | TLSSocket, how: { secure: boolean }) => void }

export type Protocols = { imap: Protocol; smtp: Protocol; web: Protocol; turn: Protocol }

export type ListenerName = 'imaps' | 'imap' | 'submissions' | 'submission' | 'https' | 'http'

const purposes: Record<ListenerName, { protocol: keyof Protocols; secure: boolean; alpn?: string[] }> = {
  imaps: { protocol: 'imap', secure: true },
  imap: { protocol: 'imap', secure: false },
  submissions: { protocol: 'smtp', secure: true },
  submission: { protocol: 'smtp', secure: false },
  https: { protocol: 'web', secure: true, alpn: ['http/1.1', 'imap', 'smtp', turnAlpn] },
  http: { protocol: 'web', secure: false },
}

const byAlpn: ReadonlyMap<unknown, keyof Protocols> = new Map([
  ['imap', 'imap'],
  ['smtp', 'smtp'],
  [turnAlpn, 'turn'],
])

export type ListenersOptions = {
  address: string
  ports: Record<ListenerName, number | null>
  certificate: CertificatePair
  protocols: Protocols
  /** Sockets that a listener has open at the most; further ones are closed at once. */
  maxConnections: number
  onTlsFailure: () => void
}

const handshakeTimeoutMs = 15_000
/** Until a client of the HTTPS port has shown what it speaks: browsers open connections that they have no request for yet. */
const firstByteMs = 15_000

/** Clients of the HTTPS port that name no protocol. */
const serveWeb = (socket: TLSSocket, { web, turn }: Protocols): void =>
  firstByte(socket, firstByteMs, (byte) => {
    if (byte === turnFirstByte) turn.accept(socket, { secure: true })
    else {
      web.accept(socket, { secure: true })
      socket.resume()
    }
  })

const tlsServer = (name: ListenerName, { certificate, protocols, onTlsFailure }: ListenersOptions): TlsServer => {
  const { protocol, alpn } = purposes[name]
  const options = {
    ...certificate,
    ...tlsSettings,
    handshakeTimeout: handshakeTimeoutMs,
    noDelay: true,
  } as const
  const server = createTlsServer(alpn ? { ...options, ALPNProtocols: alpn } : options, (socket) => {
    const named = byAlpn.get(socket.alpnProtocol)
    if (!named && protocol === 'web') serveWeb(socket, protocols)
    else protocols[named ?? protocol].accept(socket, { secure: true })
  })
  return server.on('tlsClientError', (_error, socket) => {
    onTlsFailure()
    socket.destroy()
  })
}

const plainServer = (name: ListenerName, { protocols }: ListenersOptions): Server =>
  createPlainServer({ noDelay: true }, (socket) => protocols[purposes[name].protocol].accept(socket, { secure: false }))

/** In front of the TLS of the HTTPS port: TURN without TLS is told by its first byte. */
const httpsServer = (secure: TlsServer, { turn }: Protocols): Server =>
  createPlainServer({ noDelay: true }, (socket) =>
    firstByte(socket, firstByteMs, (byte) => {
      if (byte === turnFirstByte) turn.accept(socket, { secure: false })
      else secure.emit('connection', socket)
    }),
  )

const listeningServer = (name: ListenerName, secure: TlsServer | null, options: ListenersOptions): Server => {
  if (!secure) return plainServer(name, options)
  return name === 'https' ? httpsServer(secure, options.protocols) : secure
}

export class Listeners {
  #listening: Server[] = []
  #secure: TlsServer[] = []

  /** Binds every listener that has a port. @throws ListenError */
  static async open(options: ListenersOptions): Promise<Listeners> {
    const listeners = new Listeners()
    for (const name of Object.keys(purposes) as ListenerName[]) {
      const port = options.ports[name]
      if (port !== null) await listeners.#add(name, port, options)
    }
    return listeners
  }

  /** New handshakes get this certificate; sessions go on. */
  renew(certificate: CertificatePair): void {
    for (const server of this.#secure) server.setSecureContext({ ...certificate, ...tlsSettings })
  }

  /** Takes no new connections. */
  close(): void {
    for (const server of this.#listening) server.close()
  }

  async #add(name: ListenerName, port: number, options: ListenersOptions): Promise<void> {
    const secure = purposes[name].secure ? tlsServer(name, options) : null
    const server = listeningServer(name, secure, options)
    server.maxConnections = options.maxConnections
    await listen(server, name, port, options.address)
    if (secure) this.#secure.push(secure)
    this.#listening.push(server)
  }
}
