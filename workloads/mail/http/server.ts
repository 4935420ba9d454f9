/**
 * HTTP on sockets that somebody else accepted: TLS ones for the site, plain ones to be sent to it. The relay for real-time
 * apps has its paths on both: without TLS is how its clients reach a server whose certificate nobody can verify.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { readHead } from '../../kit/http/complete-head.ts'
import type { RelayBehind } from '../relays/join.ts'
import { isUpgrade, passProbes, passUpgrade } from './iroh/pass-on.ts'

/** A connection that is idle this long ends. */
const idleMs = 15_000
/** No connection lives longer: nothing here is large, and only this ends one that sends a byte now and then. */
const lifetimeMs = 60_000
const sweepMs = 5_000

/** A server without a listener of its own. Node arms its own request time-outs only when it listens itself. */
const detached = (listener: RequestListener, options: ServerOptions = {}): Server => {
  const server = createServer({ maxHeaderSize: 8192, keepAliveTimeout: idleMs, ...options }, listener)
  server.timeout = idleMs
  server.maxHeadersCount = 64
  return server
}

const redirect =
  (host: string, httpsPort: number | null): RequestListener =>
  (request, response) => {
    const authority = httpsPort === 443 || httpsPort === null ? host : `${host}:${httpsPort}`
    const path = request.url?.startsWith('/') ? request.url : '/'
    response.writeHead(httpsPort === null ? 404 : 308, { location: `https://${authority}${path}` }).end()
    request.resume()
  }

export class WebServer {
  #site: Server
  #redirect: Server
  /** Each socket with the time by which it must be gone. */
  #sockets = new Map<Socket, number>()
  #sweeper: NodeJS.Timeout
  /** Connections that are the relay's; they live as long as it wants them. */
  #passedOn = new Set<Socket>()
  #iroh: RelayBehind | null

  constructor(app: RequestListener, host: string, httpsPort: number | null, iroh: RelayBehind | null = null) {
    this.#iroh = iroh
    this.#site = this.#serving(app)
    this.#redirect = this.#serving(redirect(host, httpsPort))
    this.#sweeper = setInterval(() => this.#sweep(performance.now()), sweepMs).unref()
  }

  /** Serves the site on a TLS socket, the redirect to it on a plain one. */
  accept(socket: Socket | TLSSocket, { secure }: { secure: boolean }): void {
    this.#sockets.set(socket, performance.now() + lifetimeMs)
    socket.once('close', () => this.#sockets.delete(socket))
    const server = secure ? this.#site : this.#redirect
    if (this.#iroh) readHead(socket, () => server.emit('connection', socket))
    else server.emit('connection', socket)
  }

  counts(): { httpConnections: number; relayConnections: number } {
    return { httpConnections: this.#sockets.size, relayConnections: this.#passedOn.size }
  }

  stop(): void {
    clearInterval(this.#sweeper)
    for (const socket of [...this.#sockets.keys(), ...this.#passedOn]) socket.destroy()
    this.#site.close()
    this.#redirect.close()
  }

  /** With a relay behind some of its paths, where there is one. */
  #serving(listener: RequestListener): Server {
    const iroh = this.#iroh
    if (!iroh) return detached(listener)
    const server = detached(passProbes(iroh, listener), { shouldUpgradeCallback: isUpgrade })
    return server.on('upgrade', (request, stream, head) => this.#passOn(request, stream as Socket, head, iroh))
  }

  #passOn(request: IncomingMessage, socket: Socket, head: Buffer, iroh: RelayBehind): void {
    this.#sockets.delete(socket)
    this.#passedOn.add(socket)
    socket.once('close', () => this.#passedOn.delete(socket)).setTimeout(0)
    passUpgrade(request, socket, head, iroh)
  }

  #sweep(now: number): void {
    for (const [socket, deadline] of this.#sockets) if (now > deadline) socket.destroy()
  }
}
