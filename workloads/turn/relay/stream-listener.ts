/**
 * Client connections on TCP and on TLS, which share a port, with those that mail took on its HTTPS port: a TLS connection starts
 * with a handshake record (RFC 8446 §5.1), one that is handed over with its header, and no message of TURN starts with the
 * byte of either.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import { handOverByte } from '../../kit/hand-over/header.ts'
import { listenError } from '../../kit/lifecycle/listen.ts'
import { sourceOf } from '../../kit/limits/source.ts'
import type { CertificatePair } from '../../kit/mounts/parse.ts'
import { firstByte } from '../../kit/sockets/first-byte.ts'
import { tlsSettings } from '../../kit/tls/settings.ts'
import type { TurnEngine } from '../allocations/engine.ts'
import { type CloseReason, StreamConnection } from './stream-connection.ts'
import { type HandOverKeys, takeOver } from './take-over.ts'
import { absentFamily } from './udp-listener.ts'

const handshakeRecord = 0x16
const handshakeTimeoutMs = 10_000
/** Until the first byte, which tells TLS from TCP. */
const firstByteMs = 10_000

export type StreamOptions = {
  engine: TurnEngine
  certificate: CertificatePair | null
  /** Connections of one source (/32, /64), and of all. */
  limits: { perSource: number; total: number }
  handOver: HandOverKeys
  /** Monotonic milliseconds. */
  now: () => number
  closed: (reason: CloseReason) => void
}

type Client = { address: string; port: number }

/** Null when it is gone already. */
const clientOf = ({ remoteAddress, remotePort }: Socket | TLSSocket): Client | null =>
  remoteAddress === undefined || remotePort === undefined ? null : { address: remoteAddress, port: remotePort }

/** Every connection, whatever listener it came by. */
export class StreamConnections {
  #options: StreamOptions
  #open = new Map<Socket, string>()
  #connections = new Set<StreamConnection>()
  #bySource = new Map<string, number>()
  #tls: TlsServer | null = null
  #servers: Server[] = []

  constructor(options: StreamOptions) {
    this.#options = options
    this.renew(options.certificate)
  }

  get size(): number {
    return this.#open.size
  }

  /** New handshakes get this certificate; null: TLS is not offered any more. */
  renew(certificate: CertificatePair | null): void {
    if (!certificate) this.#tls = null
    else if (this.#tls) this.#tls.setSecureContext({ ...certificate, ...tlsSettings })
    else this.#tls = this.#tlsServer(certificate)
  }

  /** False when `address` is `::` and the machine has no IPv6. @throws ListenError */
  async listen(address: string, port: number): Promise<boolean> {
    const server = createServer({ pauseOnConnect: false }, (socket) => this.#accept(socket))
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ host: address, port, ipv6Only: address.includes(':'), backlog: 1024 }, resolve)
      })
    } catch (error) {
      const failure = error as NodeJS.ErrnoException
      if (address === '::' && absentFamily.has(failure.code ?? '')) return false
      throw listenError('turn over TCP', port, failure)
    }
    // Single connections that could not be taken, as when descriptors run out: they pass.
    server.removeAllListeners('error').on('error', () => undefined)
    this.#servers.push(server)
    return true
  }

  /** Call it about once a second. */
  sweep(): void {
    const now = this.#options.now()
    for (const connection of this.#connections) connection.sweep(now)
  }

  close(): void {
    for (const server of this.#servers) server.close()
    for (const connection of this.#connections) connection.close('stopped')
    for (const socket of this.#open.keys()) socket.destroy()
  }

  #accept(socket: Socket): void {
    if (!socket.remotePort || !this.#count(socket, sourceOf(socket.remoteAddress ?? ''))) return
    firstByte(socket, firstByteMs, (byte) => {
      if (byte === handshakeRecord) this.#handshake(socket)
      else if (byte === handOverByte) this.#takeOver(socket)
      else this.#serve(socket, clientOf(socket), 'tcp')
    })
  }

  /** False, and the connection is closed, when there are enough of the source or of all. */
  #count(socket: Socket, source: string): boolean {
    const { perSource, total } = this.#options.limits
    const held = this.#bySource.get(source) ?? 0
    if (held >= perSource || this.#open.size >= total) {
      this.#options.closed('too-many')
      socket.destroy()
      return false
    }
    this.#open.set(socket, source)
    this.#bySource.set(source, held + 1)
    socket.once('close', () => this.#uncount(socket))
    return true
  }

  #uncount(socket: Socket): void {
    const source = this.#open.get(socket)
    if (source === undefined) return
    this.#open.delete(socket)
    const left = this.#bySource.get(source)! - 1
    if (left > 0) this.#bySource.set(source, left)
    else this.#bySource.delete(source)
  }

  /** Mail's own address held the place of a client that is only known now. */
  #takeOver(socket: Socket): void {
    takeOver(socket, this.#options.handOver, firstByteMs, (client) => {
      if (!client) {
        this.#options.closed('hand-over')
        socket.destroy()
        return
      }
      this.#uncount(socket)
      if (this.#count(socket, sourceOf(client.address))) this.#serve(socket, client, client.secure ? 'tls' : 'tcp')
    })
  }

  #handshake(socket: Socket): void {
    if (this.#tls) {
      this.#tls.emit('connection', socket)
      return
    }
    this.#options.closed('tls')
    socket.destroy()
  }

  #serve(socket: Socket | TLSSocket, client: Client | null, protocol: 'tcp' | 'tls'): void {
    const { engine, now, closed } = this.#options
    if (!client) {
      socket.destroy()
      return
    }
    const connection: StreamConnection = new StreamConnection({
      socket,
      protocol,
      engine,
      client,
      source: sourceOf(client.address),
      now: now(),
      closed: (reason) => {
        this.#connections.delete(connection)
        closed(reason)
      },
    })
    this.#connections.add(connection)
    socket.resume()
  }

  #tlsServer(certificate: CertificatePair): TlsServer {
    const options = { ...certificate, ...tlsSettings, handshakeTimeout: handshakeTimeoutMs }
    const server = createTlsServer(options, (socket) => this.#serve(socket, clientOf(socket), 'tls'))
    // One handshake that fails may be reported twice.
    const failed = new WeakSet<object>()
    return server.on('tlsClientError', (_error, socket) => {
      if (!failed.has(socket)) this.#options.closed('tls')
      failed.add(socket)
      socket.destroy()
    })
  }
}
