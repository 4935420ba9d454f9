import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BenchClient, dialects, relayBench, settings } from '../../../test/support/iroh-relay.ts'
import { newIdentity } from '../client/identity.ts'
import type { Received } from '../client/wire.ts'
import { legacyDialect } from '../legacy/dialect.ts'
import { Pace } from '../limits/pace.ts'
import { Source } from '../limits/sources.ts'

test('who has not proven a key in time, does not answer pings or does not read, is gone', () => {
  for (const dialect of dialects) {
    const b = relayBench()
    const silent = new BenchClient(b, dialect)
    const idle = new BenchClient(b, dialect).introduce()
    const deaf = new BenchClient(b, dialect).introduce()
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
  const b = relayBench()
  const client = new BenchClient(b, legacyDialect).introduce()
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
  const b = relayBench()
  const client = new BenchClient(b, legacyDialect).introduce()
  client.slow = true
  client.sendTo(client, Buffer.from('x'))
  b.relay.close(client.session, 'drained')
  assert.ok(!client.ended)
  b.pass(7)
  assert.ok(client.destroyed)
})

test('a sender above its pace waits, and its pings do not count against it', () => {
  const b = relayBench({ ...settings, connectionPace: { bytesPerSecond: 1000, burst: 1000 } })
  const client = new BenchClient(b, legacyDialect).introduce()
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
  const b = relayBench()
  const source = new Source('192.0.2.1', new Pace({ bytesPerSecond: 1000, burst: 1000 }, b.clock.now))
  const [one, two] = [0, 1].map(() => new BenchClient(b, legacyDialect, newIdentity(), source)) as [
    BenchClient,
    BenchClient,
  ]
  one.events.read(900)
  two.events.read(200)
  assert.deepEqual([one.paused, two.paused], [false, true])
})
