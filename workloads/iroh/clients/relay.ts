/**
 * The relay: takes frames of clients, passes datagrams to whom they are for, and looks after who is there. It owns no
 * socket and no clock.
 */
import type { IrohLimits } from '../../contract/iroh-config.ts'
import { Pace } from '../limits/pace.ts'
import type { Source } from '../limits/sources.ts'
import type { Transport, TransportEvents } from '../transport/transport.ts'
import { AddressBook } from './address-book.ts'
import { type CloseReason, newCounters } from './counters.ts'
import type { Dialect } from './dialect.ts'
import type { Budget } from './outbox.ts'
import { Session } from './session.ts'

export type RelayOptions = {
  limits: IrohLimits
  /** Monotonic milliseconds. */
  now: () => number
  random: (bytes: number) => Buffer
  /** In [0, 1). */
  chance: () => number
  /** Runs something once the current work is done. */
  defer: (work: () => void) => void
  after: (ms: number, work: () => void) => void
}

export class Relay {
  readonly counters = newCounters()
  readonly book = new AddressBook()
  readonly sessions = new Set<Session>()
  readonly budget: Budget
  #options: RelayOptions
  #woken: Session[] = []

  constructor(options: RelayOptions) {
    this.#options = options
    this.budget = { used: 0, limit: options.limits.queueTotalBytes }
  }

  /** A new connection; `connect` puts it on a transport. */
  open(dialect: Dialect, source: Source, connect: (events: TransportEvents) => Transport): Session {
    const { limits, now, random, chance } = this.#options
    const handshake = dialect.handshake(random)
    const session = new Session({
      dialect,
      handshake,
      source,
      pace: limits.connectionPace && new Pace(limits.connectionPace, now()),
      limits: { packets: limits.queuePackets, bytes: limits.queueBytes },
      budget: this.budget,
      now: now(),
      chance: chance(),
      wake: (woken) => this.#wake(woken),
    })
    session.transport = connect({
      read: (bytes) => this.#pace(session, bytes),
      frame: (frame) => this.#receive(session, frame),
      broken: () => this.close(session, session.handshake ? 'handshake_failed' : 'bad_frame'),
      closed: () => this.#closed(session),
    })
    this.sessions.add(session)
    if (handshake.greeting) session.notice(handshake.greeting)
    return session
  }

  /** Closes a connection after what waits for it is written. */
  close(session: Session, reason: CloseReason): void {
    if (session.isClosing) return
    this.counters.closed[reason]++
    session.close(this.#options.now())
  }

  /** Returns whether more of this client is wanted. */
  #receive(session: Session, frame: Buffer): boolean {
    session.liveness.heard(this.#options.now())
    if (session.handshake) return this.#authenticate(session, frame)
    const { dialect } = session
    switch (dialect.kindOf(frame)) {
      case 'datagram':
        this.#forward(session, frame)
        break
      case 'ping':
        this.counters.pings++
        this.#drop('notice_queue_full', session.notice(dialect.pong(dialect.dataOf(frame))))
        break
      case 'pong':
        session.liveness.answered(dialect.dataOf(frame))
        break
      case 'invalid':
        this.close(session, 'bad_frame')
    }
    return !session.isClosing
  }

  #authenticate(session: Session, frame: Buffer): boolean {
    const { key, reply } = session.handshake!.answer(frame)
    if (reply) session.notice(reply)
    if (!key) {
      this.close(session, 'handshake_failed')
      return false
    }
    session.handshake = null
    session.key = key
    session.name = key.toString('latin1')
    this.counters.accepted[session.dialect.generation]++
    for (const older of this.book.enter(session)) this.close(older, 'superseded')
    return true
  }

  #forward(session: Session, frame: Buffer): void {
    const { dialect } = session
    const { generation } = dialect
    const name = dialect.keyIn(frame)
    const receiver = this.book.find(generation, name)
    if (!receiver) {
      this.counters.dropped.unknown_receiver++
      return
    }
    session.remember(name)
    this.counters.packets[generation]++
    this.counters.bytes[generation] += frame.length
    this.#drop('queue_full', receiver.datagram(dialect.turnAround(frame, session.key!)))
  }

  #drop(reason: keyof Relay['counters']['dropped'], count: number): void {
    if (count > 0) this.counters.dropped[reason] += count
  }

  #pace(session: Session, bytes: number): void {
    const { now, after } = this.#options
    const time = now()
    const wait = Math.max(session.pace?.charge(bytes, time) ?? 0, session.source.pace?.charge(bytes, time) ?? 0)
    if (wait < 1 || session.isPaused || session.isClosing) return
    this.counters.slowedDown++
    session.isPaused = true
    session.transport.pause()
    after(wait, () => {
      session.isPaused = false
      session.liveness.excuse(now())
      if (!session.isClosing) session.transport.resume()
    })
  }

  #closed(session: Session): void {
    this.sessions.delete(session)
    session.closingSince ||= this.#options.now()
    session.drop()
    if (session.handshake) return
    const { dialect, name } = session
    for (const peer of this.book.leave(session)) {
      const receiver = this.book.find(dialect.generation, peer)
      if (receiver) this.#drop('notice_queue_full', receiver.notice(dialect.gone(name)))
    }
  }

  #wake(session: Session): void {
    if (this.#woken.push(session) === 1) this.#options.defer(() => this.#flush())
  }

  #flush(): void {
    const woken = this.#woken
    this.#woken = []
    const { now } = this.#options
    const time = now()
    for (const session of woken) session.flush(time, now)
  }
}
