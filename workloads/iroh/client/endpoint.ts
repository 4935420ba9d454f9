/** A temporary endpoint at a relay, as far as proving it, testing and measuring need one. */
import { randomBytes } from 'node:crypto'
import { type Link, type LinkEvents, openStream, openWebSocket, type Route } from './connect.ts'
import { type Identity, newIdentity } from './identity.ts'
import { RelayError } from './relay-error.ts'
import { legacyWire, modernWire, type Received, type Wire } from './wire.ts'

type Open = (url: URL, route: Route, events: LinkEvents, signal: AbortSignal) => Promise<void>

const overWebSocket =
  (...protocols: string[]): Open =>
  (url, route, events, signal) =>
    openWebSocket(url, route, protocols, events, signal)

/** The ways in which clients speak to a relay. */
export const versions = {
  /** Iroh 0.35, as Delta Chat does. */
  legacy: { wire: legacyWire, open: openStream as Open },
  /** Iroh 0.35 in a browser. */
  'legacy-web-socket': { wire: legacyWire, open: overWebSocket() },
  'modern-1': { wire: modernWire, open: overWebSocket('iroh-relay-v1') },
  /** Iroh 1.x; it offers the older version as well. */
  'modern-2': { wire: modernWire, open: overWebSocket('iroh-relay-v2', 'iroh-relay-v1') },
} as const

export type Version = keyof typeof versions

export type EndpointOptions = {
  url: URL
  version: Version
  identity?: Identity
  tls?: Route
  /** Ends waiting, and the endpoint. */
  signal: AbortSignal
}

const lost = new RelayError('CLOSED', 'the relay has closed the connection')

type Waiting = {
  wanted: (received: Received) => boolean
  resolve: (received: Received) => void
  reject: (error: Error) => void
}

export class Endpoint {
  readonly identity: Identity
  /** What nobody has waited for, in order. */
  readonly received: Received[] = []
  readonly closed: Promise<void>
  /** Called with each frame instead of keeping what it says. */
  onFrame: ((frame: Buffer) => void) | null = null
  #wire: Wire
  #link: Link | null = null
  #waiting = new Set<Waiting>()
  #end: Error | null = null
  #close!: () => void

  private constructor(wire: Wire, identity: Identity, signal: AbortSignal) {
    this.#wire = wire
    this.identity = identity
    this.closed = new Promise((resolve) => {
      this.#close = resolve
    })
    signal.addEventListener('abort', () => this.#ended(signal.reason as Error), { once: true })
  }

  /** Resolves once the relay knows the endpoint. @throws Error with words that say what the relay did instead */
  static async open({ url, version, identity, tls, signal }: EndpointOptions): Promise<Endpoint> {
    const { wire, open } = versions[version]
    const endpoint = new Endpoint(wire, identity ?? newIdentity(), signal)
    const events = {
      opened: (link: Link) => {
        endpoint.#link = link
      },
      frame: (frame: Buffer) => endpoint.#take(frame),
      closed: () => endpoint.#ended(lost),
    }
    await open(url, tls ?? {}, events, signal)
    try {
      await endpoint.#introduce()
      return endpoint
    } catch (error) {
      endpoint.close()
      throw error
    }
  }

  get key(): Buffer {
    return this.identity.key
  }

  get isOpen(): boolean {
    return this.#end === null
  }

  send(to: Uint8Array, data: Uint8Array): void {
    this.#link!.send(this.#wire.datagram(to, data))
  }

  /** Sends bytes as they are. */
  sendFrame(frame: Buffer): void {
    this.#link!.send(frame)
  }

  /** Resolves when the relay has answered. @throws Error when it does not */
  async ping(): Promise<void> {
    const data = randomBytes(8)
    this.#link!.send(this.#wire.ping(data))
    await this.next((received) => received.kind === 'pong' && received.data.equals(data))
  }

  /** The next that is wanted, of what has come or will. @throws Error when the connection ends or the signal aborts */
  next(wanted: (received: Received) => boolean): Promise<Received> {
    const index = this.received.findIndex(wanted)
    if (index >= 0) return Promise.resolve(this.received.splice(index, 1)[0]!)
    return new Promise((resolve, reject) => {
      if (this.#end) reject(this.#end)
      else this.#waiting.add({ wanted, resolve, reject })
    })
  }

  /** The next datagram from `from`, or from anybody. */
  async datagram(from?: Uint8Array): Promise<Buffer> {
    const found = await this.next((received) => received.kind === 'datagram' && (!from || received.from.equals(from)))
    return (found as Received & { kind: 'datagram' }).data
  }

  pause(): void {
    this.#link!.pause()
  }

  resume(): void {
    this.#link!.resume()
  }

  close(): void {
    this.#link?.close()
  }

  /** 0.35 has no confirmation: that a ping is answered is one. */
  async #introduce(): Promise<void> {
    const hello = this.#wire.hello(this.identity)
    if (hello) this.#link!.send(hello)
    if (!this.#wire.confirms) return this.ping()
    const { kind } = await this.next((received) => received.kind === 'confirmed' || received.kind === 'denied')
    if (kind === 'denied') throw new RelayError('DENIED', 'the relay refuses the endpoint')
  }

  #take(frame: Buffer): void {
    const answer = this.#wire.answer(frame, this.identity)
    if (answer) this.#link!.send(answer)
    else if (this.onFrame) this.onFrame(frame)
    else this.#tell(this.#wire.read(frame))
  }

  #tell(received: Received | null): void {
    if (!received) return
    if (received.kind === 'ping') this.#link!.send(this.#wire.pong(received.data))
    for (const waiting of this.#waiting)
      if (waiting.wanted(received)) {
        this.#waiting.delete(waiting)
        waiting.resolve(received)
        return
      }
    this.received.push(received)
  }

  #ended(why: Error): void {
    if (this.#end) return
    this.#end = why
    for (const { reject } of this.#waiting) reject(why)
    this.#waiting.clear()
    this.#link?.close()
    this.#close()
  }
}
