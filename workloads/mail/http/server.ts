/** HTTP on sockets that somebody else accepted: TLS ones for the site, plain ones to be sent to it. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** A connection that is idle this long ends. */
const idleMs = 15_000
/** No connection lives longer: nothing here is large, and only this ends one that sends a byte now and then. */
const lifetimeMs = 60_000
const sweepMs = 5_000

/** A server without a listener of its own. Node arms its own request time-outs only when it listens itself. */
const detached = (listener: RequestListener): Server => {
  const server = createServer({ maxHeaderSize: 8192, keepAliveTimeout: idleMs }, listener)
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

  constructor(app: RequestListener, host: string, httpsPort: number | null) {
    this.#site = detached(app)
    this.#redirect = detached(redirect(host, httpsPort))
    this.#sweeper = setInterval(() => this.#sweep(performance.now()), sweepMs).unref()
  }

  /** Serves the site on a TLS socket, the redirect to it on a plain one. */
  accept(socket: Socket | TLSSocket, { secure }: { secure: boolean }): void {
    this.#sockets.set(socket, performance.now() + lifetimeMs)
    socket.once('close', () => this.#sockets.delete(socket))
    ;(secure ? this.#site : this.#redirect).emit('connection', socket)
  }

  counts(): { httpConnections: number } {
    return { httpConnections: this.#sockets.size }
  }

  stop(): void {
    clearInterval(this.#sweeper)
    for (const socket of this.#sockets.keys()) socket.destroy()
    this.#site.close()
    this.#redirect.close()
  }

  #sweep(now: number): void {
    for (const [socket, deadline] of this.#sockets) if (now > deadline) socket.destroy()
  }
}
