/** A relay without sockets, and clients of it whose bytes go straight in and out; the test drives its clock. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { irohConfig } from '../../workloads/contract/iroh-config.ts'
import { type Identity, newIdentity } from '../../workloads/iroh/client/identity.ts'
import { legacyWire, modernWire, type Received, type Wire } from '../../workloads/iroh/client/wire.ts'
import type { Dialect } from '../../workloads/iroh/clients/dialect.ts'
import { Relay } from '../../workloads/iroh/clients/relay.ts'
import type { Session } from '../../workloads/iroh/clients/session.ts'
import { Sweep } from '../../workloads/iroh/clients/sweep.ts'
import { legacyDialect } from '../../workloads/iroh/legacy/dialect.ts'
import { Source } from '../../workloads/iroh/limits/sources.ts'
import { modernDialect } from '../../workloads/iroh/modern/dialect.ts'
import type { TransportEvents } from '../../workloads/iroh/transport/transport.ts'

/** Every way in which clients speak. */
export const dialects = [legacyDialect, modernDialect(1), modernDialect(2)]

export const settings = irohConfig.parse({
  listen: { http: 1, https: null },
  management: { port: 2 },
  limits: { queuePackets: 4, queueBytes: 4000, connectionPace: null, addressPace: null, handshake: 10, write: 5 },
}).limits

/** A relay without sockets, whose clock and deferred work the test drives. */
export const relayBench = (limits = settings) => {
  const clock = { now: 1000 }
  const deferred: (() => void)[] = []
  const later: (() => void)[] = []
  const relay = new Relay({
    limits,
    now: () => clock.now,
    random: randomBytes,
    chance: () => 0,
    defer: (work) => deferred.push(work),
    after: (_ms, work) => later.push(work),
  })
  const sweep = new Sweep({ relay, limits, random: randomBytes }, clock.now)
  return {
    relay,
    clock,
    later,
    run: () => {
      for (let work = deferred.shift(); work; work = deferred.shift()) work()
    },
    /** Lets seconds pass, one sweep each. */
    pass: (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        clock.now += 1000
        sweep.run(clock.now)
      }
    },
    stall: (seconds: number) => {
      clock.now += seconds * 1000
      sweep.run(clock.now)
    },
  }
}

export type RelayBench = ReturnType<typeof relayBench>

export class BenchClient {
  readonly frames: Buffer[] = []
  readonly session: Session
  readonly identity: Identity
  readonly wire: Wire
  events!: TransportEvents
  paused = false
  ended = false
  destroyed = false
  /** A slow reader takes nothing until it is told to. */
  slow = false
  unsent: (() => void)[] = []
  #bench: RelayBench

  constructor(bench: RelayBench, dialect: Dialect, identity = newIdentity(), source = new Source('192.0.2.1', null)) {
    this.#bench = bench
    this.identity = identity
    this.wire = dialect.generation === 'legacy' ? legacyWire : modernWire
    this.session = bench.relay.open(dialect, source, (events) => {
      this.events = events
      return {
        send: (frames, sent) => {
          this.frames.push(...frames.map((frame) => Buffer.from(frame)))
          if (this.slow) this.unsent.push(sent)
          else sent()
        },
        pause: () => this.#becomes({ paused: true }),
        resume: () => this.#becomes({ paused: false }),
        end: () => this.#becomes({ ended: true }),
        destroy: () => this.#becomes({ destroyed: true }),
      }
    })
    bench.run()
  }

  #becomes(state: Partial<Pick<BenchClient, 'paused' | 'ended' | 'destroyed'>>): void {
    Object.assign(this, state)
  }

  introduce(): this {
    const hello = this.wire.hello(this.identity) ?? this.wire.answer(this.frames.shift()!, this.identity)!
    assert.ok(this.say(hello))
    if (this.wire.confirms) assert.equal(this.heard()[0]?.kind, 'confirmed')
    return this
  }

  say(frame: Buffer): boolean {
    const wanted = this.events.frame(Buffer.from(frame))
    this.#bench.run()
    return wanted
  }

  sendTo(other: BenchClient, data: Buffer): void {
    this.say(this.wire.datagram(other.identity.key, data))
  }

  heard(): Received[] {
    return this.frames.splice(0).map((frame) => this.wire.read(frame)!)
  }

  data(): string[] {
    return this.heard().flatMap((received) => (received.kind === 'datagram' ? [received.data.toString()] : []))
  }

  leave(): void {
    this.events.closed()
    this.#bench.run()
  }
}
