/** One client on TCP or TLS: its messages go to the engine, what is for it goes out or, when it does not read, nowhere. */
import type { Socket } from 'node:net'
import type { ClientSide } from '../allocations/allocation.ts'
import type { TurnEngine } from '../allocations/engine.ts'
import { MessageStream } from '../stun/stream.ts'

/** Why a connection ended: a fixed set, so that it can be counted. */
export type CloseReason = 'client' | 'framing' | 'half-message' | 'idle' | 'too-many' | 'tls' | 'hand-over' | 'stopped'

/** Times in milliseconds, sizes in bytes. */
export const streamLimits = {
  /** Without an allocation, from the accept or from the end of the last one on. */
  idle: 30_000,
  /** From the first byte of a message to its last. */
  message: 10_000,
  /** Media that waits for longer is of no use; further messages are dropped. */
  queue: 256 * 1024,
}

export class StreamConnection {
  readonly source: string
  #socket: Socket
  #engine: TurnEngine
  #side: ClientSide
  #messages = new MessageStream()
  #client: { address: string; port: number }
  #closed: (reason: CloseReason) => void
  #reason: CloseReason = 'client'
  #idleSince: number
  #halfSince: number | null = null

  /** `closed` is called once. `now` is monotonic milliseconds. */
  constructor(options: {
    socket: Socket
    protocol: 'tcp' | 'tls'
    engine: TurnEngine
    client: { address: string; port: number }
    source: string
    now: number
    closed: (reason: CloseReason) => void
  }) {
    const { socket, protocol, engine } = options
    this.source = options.source
    this.#socket = socket
    this.#engine = engine
    this.#client = options.client
    this.#closed = options.closed
    this.#idleSince = options.now
    this.#side = engine.attach({ protocol, stream: true, send: (bytes) => this.#send(bytes) })
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('error', () => undefined).once('close', () => this.#gone())
  }

  close(reason: CloseReason): void {
    this.#reason = reason
    this.#socket.destroy()
  }

  /** Ends a connection that holds on to nothing, or that never finishes what it says. */
  sweep(now: number): void {
    if (this.#side.find(this.#client.address, this.#client.port)) this.#idleSince = now
    if (this.#messages.pending === 0) this.#halfSince = null
    else this.#halfSince ??= now
    if (this.#halfSince !== null && now - this.#halfSince > streamLimits.message) this.close('half-message')
    else if (now - this.#idleSince > streamLimits.idle) this.close('idle')
  }

  #take(chunk: Buffer): void {
    // A message is there: what is pending now is another one, which has its own time.
    for (const message of this.#messages.take(chunk)) {
      this.#halfSince = null
      this.#engine.receive(this.#side, message, this.#client.address, this.#client.port)
    }
    if (this.#messages.failure) this.close('framing')
  }

  #send(bytes: Buffer): boolean {
    if (this.#socket.writableLength > streamLimits.queue || !this.#socket.writable) return false
    this.#socket.write(bytes)
    return true
  }

  /** The 5-tuple is gone, and the allocation with it. */
  #gone(): void {
    this.#engine.disconnected(this.#side, this.#client.address, this.#client.port)
    this.#closed(this.#reason)
  }
}
