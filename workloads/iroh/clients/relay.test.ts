import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { BenchClient, dialects, relayBench } from '../../../test/support/iroh-relay.ts'
import { newIdentity } from '../client/identity.ts'
import type { Received } from '../client/wire.ts'
import { legacyDialect } from '../legacy/dialect.ts'
import { modernDialect } from '../modern/dialect.ts'

test('a datagram comes to whom it is for, with the sender’s key and unchanged', () => {
  for (const dialect of dialects) {
    const b = relayBench()
    const [one, two, three] = [0, 1, 2].map(() => new BenchClient(b, dialect).introduce()) as [
      BenchClient,
      BenchClient,
      BenchClient,
    ]
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
  const b = relayBench()
  const identity = newIdentity()
  const legacy = new BenchClient(b, legacyDialect, identity).introduce()
  const modern = new BenchClient(b, modernDialect(2), identity).introduce()
  const others = [new BenchClient(b, legacyDialect).introduce(), new BenchClient(b, modernDialect(1)).introduce()]
  others[0]!.sendTo(legacy, Buffer.from('old'))
  others[1]!.sendTo(legacy, Buffer.from('new'))
  assert.deepEqual([legacy.data(), modern.data()], [['old'], ['new']])
})

test('a ping is answered before what waits', () => {
  for (const dialect of dialects) {
    const b = relayBench()
    const client = new BenchClient(b, dialect).introduce()
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
  const b = relayBench()
  const [sender, slow, quick] = [0, 1, 2].map(() => new BenchClient(b, legacyDialect).introduce()) as [
    BenchClient,
    BenchClient,
    BenchClient,
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
  const b = relayBench()
  const first = new BenchClient(b, legacyDialect).introduce()
  const peer = new BenchClient(b, legacyDialect).introduce()
  first.sendTo(peer, Buffer.from('hello'))
  const second = new BenchClient(b, legacyDialect, first.identity).introduce()
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
    const b = relayBench()
    const dialect = modernDialect(version)
    const first = new BenchClient(b, dialect).introduce()
    const peer = new BenchClient(b, dialect).introduce()
    const second = new BenchClient(b, dialect, first.identity).introduce()
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
  const b = relayBench()
  const identity = newIdentity()
  const clients = Array.from({ length: 8 }, () => new BenchClient(b, modernDialect(2), identity).introduce())
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
        const b = relayBench()
        const [witness, peer] = [0, 1].map(() => new BenchClient(b, dialect).introduce()) as [BenchClient, BenchClient]
        const culprit = new BenchClient(b, dialect)
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
