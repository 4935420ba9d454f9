/** HTTP on sockets that a listener accepted: the plain routes by Express, `/relay` by whoever upgrades. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { readHead } from '../../kit/http/complete-head.ts'
import type { Counters, Refusal } from '../clients/counters.ts'
import type { Source, Sources } from '../limits/sources.ts'
import { isRelayPath } from './dispatch.ts'

/** How a connection came: from a client, or from a server in front of this one that says who is behind it. */
export type Way = 'direct' | 'proxied'

export type Upgrade = (request: IncomingMessage, socket: Socket, head: Buffer, source: Source) => void

export type FrontOptions = {
  app: RequestListener
  upgrade: Upgrade
  sources: Sources
  counters: Counters
  /** Seconds that a connection has until it is one of a client. */
  handshake: number
  now: () => number
}

const answers: Partial<Record<Refusal, string>> = {
  bad_upgrade: '400 Bad Request',
  address_full: '429 Too Many Requests',
  too_fast: '429 Too Many Requests',
  full: '503 Service Unavailable',
  draining: '503 Service Unavailable',
}

/** Says no to an upgrade, and why in the status alone. */
export const refuse = (socket: Socket, counters: Counters, reason: Refusal): void => {
  counters.refused[reason]++
  socket.end(`HTTP/1.1 ${answers[reason]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}

/** The last address of X-Forwarded-For: the one that the server in front of this one has seen itself. */
const forwardedFor = (request: IncomingMessage): string => {
  const header = request.headers['x-forwarded-for']
  const last = (Array.isArray(header) ? header.at(-1) : header)?.split(',').at(-1)
  return last?.trim() ?? ''
}

export class Front {
  #options: FrontOptions
  #http: Server
  #sources = new WeakMap<Socket, Source>()
  /** Connections that are not a client's yet, with the time by which they must be. */
  #waiting = new Map<Socket, number>()

  constructor(options: FrontOptions) {
    this.#options = options
    const settings = {
      maxHeaderSize: 8192,
      shouldUpgradeCallback: (request: IncomingMessage) => isRelayPath(request.url),
    }
    this.#http = createServer(settings, options.app)
    this.#http.maxHeadersCount = 64
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head))
    this.#http.on('clientError', (_error, socket) => {
      options.counters.refused.bad_request++
      socket.destroy()
    })
  }

  get waiting(): number {
    return this.#waiting.size
  }

  accept(socket: Socket, way: Way): void {
    socket.on('error', () => socket.destroy())
    if (way === 'direct' && !this.#enter(socket, socket.remoteAddress ?? '')) {
      this.#options.counters.refused.address_full++
      socket.destroy()
      return
    }
    this.#waiting.set(socket, this.#options.now() + this.#options.handshake * 1000)
    socket.once('close', () => this.#waiting.delete(socket))
    readHead(socket, () => this.#http.emit('connection', socket))
  }

  /** Ends what has had its time. */
  sweep(now: number): void {
    for (const [socket, deadline] of this.#waiting) if (now > deadline) socket.destroy()
  }

  stop(): void {
    for (const socket of this.#waiting.keys()) socket.destroy()
    this.#http.close()
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const source = this.#sources.get(socket) ?? this.#enter(socket, forwardedFor(request))
    if (!source) {
      refuse(socket, this.#options.counters, 'address_full')
      return
    }
    this.#waiting.delete(socket)
    this.#options.upgrade(request, socket, head, source)
  }

  #enter(socket: Socket, address: string): Source | null {
    const { sources } = this.#options
    const source = sources.enter(address)
    if (!source) return null
    this.#sources.set(socket, source)
    socket.once('close', () => sources.leave(source))
    return source
  }
}
