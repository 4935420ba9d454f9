import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { irohConfig } from '../../contract/iroh-config.ts'
import { type Identity, newIdentity } from '../client/identity.ts'
import { legacyWire, modernWire, type Received, type Wire } from '../client/wire.ts'
import { legacyDialect } from '../legacy/dialect.ts'
import { Pace } from '../limits/pace.ts'
import { Source } from '../limits/sources.ts'
import { modernDialect } from '../modern/dialect.ts'
import type { TransportEvents } from '../transport/transport.ts'
import type { Dialect } from './dialect.ts'
import { Relay } from './relay.ts'
import type { Session } from './session.ts'
import { Sweep } from './sweep.ts'

const settings = irohConfig.parse({
  listen: { http: 1, https: null },
  management: { port: 2 },
  limits: { queuePackets: 4, queueBytes: 4000, connectionPace: null, addressPace: null, handshake: 10, write: 5 },
}).limits

/** A relay without sockets, whose clock and deferred work the test drives. */
const bench = (limits = settings) => {
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

type Bench = ReturnType<typeof bench>

class Client {
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
  #bench: Bench

  constructor(bench: Bench, dialect: Dialect, identity = newIdentity(), source = new Source('192.0.2.1', null)) {
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

  #becomes(state: Partial<Pick<Client, 'paused' | 'ended' | 'destroyed'>>): void {
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

  sendTo(other: Client, data: Buffer): void {
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

const dialects = [legacyDialect, modernDialect(1), modernDialect(2)]

test('a datagram comes to whom it is for, with the sender’s key and unchanged', () => {
  for (const dialect of dialects) {
    const b = bench()
    const [one, two, three] = [0, 1, 2].map(() => new Client(b, dialect).introduce()) as [Client, Client, Client]
    const data = randomBytes(500)
    one.sendTo(two, data)
    assert.deepEqual(two.heard(), [{ kind: 'datagram', from: one.identity.key, data }])
    one.sendTo(one, Buffer.from('self'))
    assert.deepEqual(one.data(), ['self'])
    assert.deepEqual(three.frames, [])
    one.say(one.wire.datagram(randomBytes(32), data))
    assert.equal(b.relay.counters.dropped.unknown_receiver, 1)
  }
})

test('the generations do not see each other, even with one key', () => {
  const b = bench()
  const identity = newIdentity()
  const legacy = new Client(b, legacyDialect, identity).introduce()
  const modern = new Client(b, modernDialect(2), identity).introduce()
  const others = [new Client(b, legacyDialect).introduce(), new Client(b, modernDialect(1)).introduce()]
  others[0]!.sendTo(legacy, Buffer.from('old'))
  others[1]!.sendTo(legacy, Buffer.from('new'))
  assert.deepEqual([legacy.data(), modern.data()], [['old'], ['new']])
})

test('a ping is answered before what waits', () => {
  for (const dialect of dialects) {
    const b = bench()
    const client = new Client(b, dialect).introduce()
    client.slow = true
    for (const text of ['a', 'b', 'c']) client.sendTo(client, Buffer.from(text))
    client.say(client.wire.ping(Buffer.from('12345678')))
    client.unsent.shift()!()
    assert.deepEqual(
      client.heard().map((received) => received.kind),
      ['datagram', 'pong', 'datagram', 'datagram'],
    )
  }
})

test('a slow reader loses the oldest, nobody else loses anything, and what it holds is bounded', () => {
  const b = bench()
  const [sender, slow, quick] = [0, 1, 2].map(() => new Client(b, legacyDialect).introduce()) as [
    Client,
    Client,
    Client,
  ]
  slow.slow = true
  for (let count = 0; count < 100; count++) {
    sender.sendTo(slow, Buffer.from(`${count}`))
    sender.sendTo(quick, Buffer.from(`${count}`))
  }
  assert.equal(quick.data().length, 100)
  assert.deepEqual(slow.data(), ['0'])
  slow.slow = false
  slow.unsent.shift()!()
  assert.deepEqual(slow.data(), ['96', '97', '98', '99'])
  assert.equal(b.relay.counters.dropped.queue_full, 95)
  assert.equal(b.relay.budget.used, 0)
})

test('0.35: a second connection of a key ends the first, whose end takes nothing from the second', () => {
  const b = bench()
  const first = new Client(b, legacyDialect).introduce()
  const peer = new Client(b, legacyDialect).introduce()
  first.sendTo(peer, Buffer.from('hello'))
  const second = new Client(b, legacyDialect, first.identity).introduce()
  assert.ok(first.ended)
  assert.deepEqual(first.frames, [])
  first.leave()
  assert.equal(b.relay.book.size('legacy'), 2)
  peer.frames.length = 0
  peer.sendTo(second, Buffer.from('you'))
  assert.deepEqual(second.data(), ['you'])
  assert.deepEqual(peer.frames, [])
  second.leave()
  assert.deepEqual(peer.heard(), [{ kind: 'gone', key: first.identity.key }])
})

test('1.x: a second connection takes over, the first may still send, and takes back', () => {
  for (const [version, told, restored] of [
    [1, /^Another endpoint/, 0],
    [2, /^\x01$/, 1],
  ] as const) {
    const b = bench()
    const dialect = modernDialect(version)
    const first = new Client(b, dialect).introduce()
    const peer = new Client(b, dialect).introduce()
    const second = new Client(b, dialect, first.identity).introduce()
    const [notice] = first.heard() as [Received & { kind: 'told' }]
    assert.match(notice.data.toString('latin1'), told)
    peer.sendTo(first, Buffer.from('newest'))
    assert.deepEqual([first.data(), second.data()], [[], ['newest']])
    first.sendTo(peer, Buffer.from('from reserve'))
    assert.deepEqual(peer.data(), ['from reserve'])
    second.leave()
    assert.equal(first.heard().length, restored)
    peer.sendTo(first, Buffer.from('back'))
    assert.deepEqual(first.data(), ['back'])
    first.leave()
    assert.deepEqual(peer.heard(), [{ kind: 'gone', key: first.identity.key }])
    assert.equal(b.relay.book.size('modern'), 1)
  }
})

test('1.x: connections in reserve leave in any order, and are not kept without end', () => {
  const b = bench()
  const identity = newIdentity()
  const clients = Array.from({ length: 8 }, () => new Client(b, modernDialect(2), identity).introduce())
  assert.deepEqual(
    clients.map(({ ended }) => ended),
    [true, true, true, false, false, false, false, false],
  )
  assert.equal([...b.relay.book.reserve()].length, 4)
  for (const index of [4, 6, 0, 1, 2]) clients[index]!.leave()
  assert.equal([...b.relay.book.reserve()].length, 2)
  clients[7]!.leave()
  assert.equal(b.relay.book.find('modern', identity.key.toString('latin1')), clients[5]!.session)
  for (const index of [5, 3]) clients[index]!.leave()
  assert.equal(b.relay.book.size('modern'), 0)
  assert.equal(b.relay.sessions.size, 0)
})

test('who has not proven a key in time, does not answer pings or does not read, is gone', () => {
  for (const dialect of dialects) {
    const b = bench()
    const silent = new Client(b, dialect)
    const idle = new Client(b, dialect).introduce()
    const deaf = new Client(b, dialect).introduce()
    deaf.slow = true
    idle.sendTo(deaf, Buffer.from('x'))
    b.pass(7)
    assert.deepEqual([silent.destroyed, deaf.destroyed, idle.destroyed], [false, true, false])
    b.pass(4)
    assert.ok(silent.destroyed)
    b.pass(4)
    assert.ok(!idle.destroyed)
    b.run()
    const [ping] = idle.heard().filter(({ kind }) => kind === 'ping') as [Received & { kind: 'ping' }]
    idle.say(idle.wire.pong(ping.data))
    b.pass(15)
    assert.ok(!idle.destroyed)
    b.pass(7)
    assert.ok(idle.destroyed)
    const { handshake_timeout, write_timeout, ping_timeout } = b.relay.counters.closed
    assert.deepEqual([handshake_timeout, write_timeout, ping_timeout], [1, 1, 1])
  }
})

test('a process that stood still blames nobody for it', () => {
  const b = bench()
  const client = new Client(b, legacyDialect).introduce()
  b.pass(16)
  b.run()
  assert.equal(client.heard()[0]?.kind, 'ping')
  b.stall(60)
  b.pass(5)
  assert.ok(!client.destroyed)
  b.pass(2)
  assert.ok(client.destroyed)
})

test('a closing connection that does not go is destroyed', () => {
  const b = bench()
  const client = new Client(b, legacyDialect).introduce()
  client.slow = true
  client.sendTo(client, Buffer.from('x'))
  b.relay.close(client.session, 'drained')
  assert.ok(!client.ended)
  b.pass(7)
  assert.ok(client.destroyed)
})

test('a sender above its pace waits, and its pings do not count against it', () => {
  const b = bench({ ...settings, connectionPace: { bytesPerSecond: 1000, burst: 1000 } })
  const client = new Client(b, legacyDialect).introduce()
  client.events.read(900)
  assert.ok(!client.paused)
  client.events.read(1100)
  client.events.read(1)
  assert.ok(client.paused)
  b.pass(40)
  assert.ok(!client.destroyed)
  b.later.shift()!()
  assert.ok(!client.paused)
  assert.equal(b.relay.counters.slowedDown, 1)
})

test('all of one address share its pace', () => {
  const b = bench()
  const source = new Source('192.0.2.1', new Pace({ bytesPerSecond: 1000, burst: 1000 }, b.clock.now))
  const [one, two] = [0, 1].map(() => new Client(b, legacyDialect, newIdentity(), source)) as [Client, Client]
  one.events.read(900)
  two.events.read(200)
  assert.deepEqual([one.paused, two.paused], [false, true])
})

/** What a client may do wrong, before and after it is known. */
const anyFrame = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(fc.nat(20), fc.uint8Array({ maxLength: 120 })).map(([type, body]) => Buffer.from([type, ...body])),
)

test('whatever frames come, in whatever state: nothing throws, nobody else suffers, nothing is left', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...dialects),
      fc.boolean(),
      fc.array(anyFrame, { maxLength: 20 }),
      (dialect, known, frames) => {
        const b = bench()
        const [witness, peer] = [0, 1].map(() => new Client(b, dialect).introduce()) as [Client, Client]
        const culprit = new Client(b, dialect)
        if (known) culprit.introduce()
        for (const frame of frames) if (culprit.events.frame(frame) === false) break
        b.run()
        witness.sendTo(peer, Buffer.from('still here'))
        assert.deepEqual(peer.data(), ['still here'])
        culprit.leave()
        assert.equal(b.relay.sessions.size, 2)
        assert.equal(b.relay.book.size(dialect.generation), 2)
        assert.equal(b.relay.budget.used, 0)
      },
    ),
  )
})
