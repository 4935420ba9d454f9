/** One client's connection: who it is, what waits for it, and what is being written. */

import type { Pace } from '../limits/pace.ts'
import type { Source } from '../limits/sources.ts'
import type { Transport } from '../transport/transport.ts'
import type { Dialect, Handshake } from './dialect.ts'
import { Liveness } from './liveness.ts'
import { type Budget, Outbox, type OutboxLimits } from './outbox.ts'

/** Handed to the system at once; enough for a fast reader, and a slow one takes it within the time that it has. */
const batchBytes = 64 * 1024

/** Peers that are told when this client leaves; the ones it wrote to last. */
const maxPeers = 1024

export type SessionOptions = {
  dialect: Dialect
  handshake: Handshake
  source: Source
  pace: Pace | null
  limits: OutboxLimits
  budget: Budget
  now: number
  chance: number
  /** Asks for `flush` once the current work is done. */
  wake: (session: Session) => void
}

export class Session {
  readonly dialect: Dialect
  readonly source: Source
  readonly pace: Pace | null
  readonly since: number
  readonly liveness: Liveness
  transport!: Transport
  /** Null once the client has proven its key. */
  handshake: Handshake | null
  key: Buffer | null = null
  /** The key as a Map has it; empty until it is proven. */
  name = ''
  /** The connection of the same key that this one took over from. */
  previous: Session | null = null
  /** Whom this client has written to. */
  peers: Set<string> | null = null
  isWoken = false
  isPaused = false
  /** When it began to close, or zero. */
  closingSince = 0
  /** Since when the system has not taken a batch, or zero. */
  writingSince = 0
  #outbox: Outbox
  #wake: (session: Session) => void

  constructor({ dialect, handshake, source, pace, limits, budget, now, chance, wake }: SessionOptions) {
    this.dialect = dialect
    this.handshake = handshake
    this.source = source
    this.pace = pace
    this.since = now
    this.liveness = new Liveness(now, chance)
    this.#outbox = new Outbox(limits, budget)
    this.#wake = wake
  }

  get isClosing(): boolean {
    return this.closingSince !== 0
  }

  /** Returns how many notices were dropped. */
  notice(frame: Buffer): number {
    if (this.isClosing) return 1
    const dropped = this.#outbox.addNotice(frame)
    this.#askForFlush()
    return dropped
  }

  /** Returns how many datagrams were dropped. */
  datagram(frame: Buffer): number {
    if (this.isClosing) return 1
    // What has to wait is kept alone, not together with all that was read with it.
    const dropped = this.#outbox.addDatagram(this.writingSince === 0 ? frame : Buffer.from(frame))
    this.#askForFlush()
    return dropped
  }

  remember(peer: string): void {
    this.peers ??= new Set()
    if (this.peers.has(peer)) return
    this.peers.add(peer)
    if (this.peers.size > maxPeers) this.peers.delete(this.peers.values().next().value!)
  }

  flush(now: number, clock: () => number): void {
    this.isWoken = false
    if (this.writingSince !== 0 || this.#outbox.isEmpty) return
    this.writingSince = now
    this.transport.send(this.#outbox.take(batchBytes), () => {
      this.writingSince = 0
      this.flush(clock(), clock)
      if (this.isClosing && this.writingSince === 0) this.transport.end()
    })
  }

  /** Closes once what waits is written. */
  close(now: number): void {
    if (this.isClosing) return
    this.closingSince = now
    if (this.writingSince === 0 && this.#outbox.isEmpty) this.transport.end()
    else this.#askForFlush()
  }

  /** Closes at once. */
  destroy(now: number): void {
    this.closingSince ||= now
    this.drop()
    this.transport.destroy()
  }

  /** Time during which this process could neither hear nor write does not count. */
  excuse(now: number): void {
    this.liveness.excuse(now)
    if (this.writingSince !== 0) this.writingSince = now
  }

  /** Forgets what waits. */
  drop(): void {
    this.#outbox.clear()
  }

  #askForFlush(): void {
    if (this.isWoken || this.writingSince !== 0) return
    this.isWoken = true
    this.#wake(this)
  }
}
