// Requests on a live allocation, relaying, limits and drain, on the engine without sockets.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { addressIn, codeOf, requestedFamily, udpTransport } from '../../../test/support/turn-client.ts'
import { EngineBench, publicPeer } from '../../../test/support/turn-engine.ts'
import { attributes } from '../stun/attributes.ts'
import { buildMessage } from '../stun/build.ts'
import type { Message } from '../stun/message.ts'
import { classes, methods } from '../stun/types.ts'

const lifetimeOf = (message: Message): number => message.attributes.get(attributes.lifetime)!.readUInt32BE()
const relayed = (message: Message) => addressIn(message, attributes.xorRelayedAddress)
const peer = publicPeer(1)
const empty = { allocations: 0, relays: 0, sockets: 0, quotas: 0, reservations: 0 }

test('requests without an allocation are 437', () => {
  const client = new EngineBench().client()
  client.follow(client.ask(methods.allocate, [udpTransport]))
  assert.equal(codeOf(client.refresh(600)), 437)
  assert.equal(client.permit(peer), 437)
  assert.equal(client.bind(0x4000, peer), 437)
})

test('Refresh 0 frees everything; a newer allocation is another one', () => {
  const bench = new EngineBench()
  const client = bench.client()
  client.allocate()
  assert.equal(client.bind(0x4000, peer), 0)
  assert.equal(lifetimeOf(client.refresh(0)), 0)
  assert.deepEqual(bench.leftovers(), empty)
  assert.equal(codeOf(client.refresh(0)), 437)
  assert.equal(codeOf(client.allocate()), 0)
})

test('lifetimes lie between the default and the maximum, and end', () => {
  const bench = new EngineBench({ lifetimes: { default: 600, max: 3600 } })
  const client = bench.client()
  client.allocate()
  for (const [wish, granted] of [
    [1, 600],
    [700, 700],
    [99_999, 3600],
    [0xffffffff, 3600],
  ] as const)
    assert.equal(lifetimeOf(client.refresh(wish)), granted)
  bench.pass(3599)
  assert.equal(bench.registry.size, 1)
  bench.pass(2)
  assert.deepEqual(bench.leftovers(), empty)
})

test('a peer of another family is 443', () => {
  const client = new EngineBench().client()
  client.allocate()
  assert.equal(client.permit(publicPeer(1, 6)), 443)
  assert.equal(client.bind(0x4000, publicPeer(1, 6)), 443)
  assert.equal(codeOf(client.refresh(600, [requestedFamily(6)])), 443)
})

test('CreatePermission lets all in or none, and refuses denied peers with 403', () => {
  const bench = new EngineBench({ limits: { permissions: 3 } })
  const client = bench.client()
  client.allocate()
  assert.equal(client.permit(), 400)
  assert.equal(client.permit(peer, { address: '127.0.0.1', port: 9999 }), 403)
  assert.deepEqual(bench.registry.counts(), { permissions: 0, channels: 0 })
  assert.equal(client.permit(publicPeer(1), publicPeer(2), publicPeer(3)), 0)
  assert.equal(client.permit(publicPeer(4)), 508)
  assert.equal(client.bind(0x4000, publicPeer(4)), 508)
  assert.equal(client.permit(publicPeer(1)), 0)
})

test('channels and peers are bound one to one', () => {
  const bench = new EngineBench({ limits: { channels: 2 } })
  const client = bench.client()
  client.allocate()
  for (const number of [0x3fff, 0x7fff, 0x8000]) assert.equal(client.bind(number, peer), 400)
  assert.equal(client.bind(0x4000, peer), 0)
  assert.equal(client.bind(0x4000, peer), 0)
  assert.equal(client.bind(0x4001, peer), 400)
  assert.equal(client.bind(0x4000, publicPeer(2)), 400)
  assert.equal(client.bind(0x4001, { ...peer, port: peer.port + 1 }), 0)
  assert.equal(client.bind(0x4002, publicPeer(3)), 508)
  assert.equal(client.bind(0x4003, { address: '9.9.9.9', port: 53 }), 403)
  assert.equal(client.bind(0x4003, { address: '203.0.113.7', port: 8080 }), 403)
  bench.pass(599)
  client.refresh(600)
  bench.pass(2)
  assert.equal(client.bind(0x4000, publicPeer(2)), 0)
})

test('data passes with a permission only, for five minutes', () => {
  const bench = new EngineBench()
  const client = bench.client()
  const relay = relayed(client.allocate([{ type: attributes.lifetime, value: Uint8Array.of(0, 0, 14, 16) }]))
  const data = Buffer.from('data')
  client.sendTo(peer, data)
  bench.fromPeer(relay, data, peer)
  assert.deepEqual(bench.drops.splice(0), ['no-permission', 'no-permission'])
  client.permit(peer)
  client.sendTo(peer, data)
  assert.deepEqual(bench.sentToPeers.pop(), { relayPort: relay.port, family: 4, data, to: peer })
  const before = bench.sentToClients.length
  bench.fromPeer(relay, data, { ...peer, port: 5 })
  assert.equal(bench.sentToClients.length, before + 1)
  bench.fromPeer(relay, data, publicPeer(2))
  client.sendTo({ ...peer, port: 53 }, data)
  client.sendTo({ ...peer, port: 0 }, data)
  assert.deepEqual(bench.drops.splice(0), ['no-permission', 'peer-port', 'peer-port'])
  bench.now += 300_000
  client.sendTo(peer, data)
  bench.fromPeer(relay, data, peer)
  assert.deepEqual(bench.drops.splice(0), ['no-permission', 'no-permission'])
})

test('a datagram that fits no Data indication is dropped, whatever the family', () => {
  const bench = new EngineBench()
  for (const family of [4, 6] as const) {
    const client = bench.client({ port: 5000 + family })
    const from = publicPeer(1, family)
    const relay = relayed(client.allocate([requestedFamily(family)]))
    assert.equal(client.permit(from), 0)
    for (let length = 65_400; length <= 65_535; length++) {
      const before = bench.sentToClients.length
      bench.fromPeer(relay, Buffer.alloc(length), from)
      const passed = bench.sentToClients[before]
      assert.equal(bench.drops.pop(), passed ? undefined : 'oversized')
      if (passed) assert.ok(passed.bytes.length <= 65_507, 'more than UDP carries')
    }
  }
})

test('ChannelData: what is cut, unknown or reserved is dropped', () => {
  const bench = new EngineBench()
  const client = bench.client()
  client.allocate()
  client.bind(0x4000, peer)
  for (const hex of ['', '40', '400000', '4000000501020304', '4001000101', '7fff000101', '80000000', 'ffffffff'])
    assert.equal(client.raw(Buffer.from(hex, 'hex')), null)
  assert.equal(bench.sentToPeers.length, 0)
  assert.equal(bench.drops.length, 8)
  client.raw(Buffer.from('4000000261620000', 'hex'))
  assert.equal(bench.sentToPeers[0]!.data.toString(), 'ab')
})

test('a stream gets its ChannelData padded', () => {
  const bench = new EngineBench({ stream: true })
  const client = bench.client()
  const relay = relayed(client.allocate())
  client.bind(0x4000, peer)
  bench.fromPeer(relay, Buffer.from('abc'), peer)
  assert.equal(bench.sentToClients.at(-1)!.bytes.toString('hex'), '4000000361626300')
})

test('bad indications, answers and unknown methods are dropped without a word', () => {
  const bench = new EngineBench()
  const client = bench.client()
  client.allocate()
  client.permit(peer)
  const data = { type: attributes.data, value: Buffer.from('x') }
  const bare = (method: number, messageClass: 0 | 1 | 2 | 3, list: (typeof data)[] = []) =>
    client.raw(buildMessage({ method, class: messageClass, transactionId: randomBytes(12), attributes: list }))
  assert.equal(bare(methods.send, classes.indication, [data]), null)
  assert.equal(bare(methods.binding, classes.indication), null)
  assert.equal(bare(methods.data, classes.indication, [data]), null)
  assert.equal(bare(methods.binding, classes.success), null)
  assert.equal(bare(methods.allocate, classes.error), null)
  assert.equal(bare(0x00a, classes.request), null)
  client.sendTo(peer, Buffer.from('x'), [{ type: 0x7abc, value: new Uint8Array() }])
  client.sendTo(peer, Buffer.alloc(1473), [{ type: attributes.dontFragment, value: new Uint8Array() }])
  assert.equal(bench.sentToPeers.length, 0)
  client.sendTo(peer, Buffer.alloc(1472), [{ type: attributes.dontFragment, value: new Uint8Array() }])
  assert.equal(bench.sentToPeers.length, 1)
})

test('bandwidth is kept in both directions', () => {
  const bench = new EngineBench({ limits: { bandwidth: 100_000 } })
  const client = bench.client()
  const relay = relayed(client.allocate())
  client.permit(peer)
  for (let count = 0; count < 200; count++) {
    client.sendTo(peer, Buffer.alloc(1000))
    bench.fromPeer(relay, Buffer.alloc(1000), peer)
  }
  assert.deepEqual([bench.traffic.bytesToPeers, bench.traffic.bytesToClients], [100_000, 100_000])
  bench.now += 500
  for (let count = 0; count < 200; count++) client.sendTo(peer, Buffer.alloc(1000))
  assert.equal(bench.traffic.bytesToPeers, 150_000)
})

test('unauthenticated answers are limited for each source and the table is bounded', () => {
  const bench = new EngineBench({ answers: { rate: 10, burst: 5, sources: 2 } })
  const client = bench.client()
  const binding = buildMessage({
    method: methods.binding,
    class: classes.request,
    transactionId: randomBytes(12),
    attributes: [],
  })
  const answered = () => Array.from({ length: 20 }, () => client.raw(binding)).filter(Boolean).length
  assert.equal(answered(), 5)
  assert.ok(bench.client({ address: '198.51.100.9' }).raw(binding))
  bench.now += 200
  assert.equal(answered(), 2)
})

/** Nobody tells the server a second time. */
const never = new AbortController().signal

test('draining refuses new allocations with 508, shortens refreshes and ends with the last one', async () => {
  const bench = new EngineBench()
  const client = bench.client()
  client.allocate()
  const drained = bench.drain.run(bench.registry, 60, never)
  assert.equal(codeOf(bench.client({ port: 2 }).allocate()), 508)
  assert.equal(lifetimeOf(client.refresh(3600)), 120)
  assert.equal(client.bind(0x4000, peer), 0)
  client.refresh(0)
  assert.equal(await drained, 'empty')
})

test('draining ends at its deadline', async () => {
  const bench = new EngineBench()
  bench.client().allocate()
  assert.equal(await bench.drain.run(bench.registry, 0, never), 'deadline')
  assert.equal(bench.registry.size, 1)
})

test('a draining server sends clients to another of their family, and ends at once when it is told again', async () => {
  const bench = new EngineBench()
  const insist = new AbortController()
  const waiting = bench.client({ port: 2 })
  bench.client().allocate()
  const drained = bench.drain.run(bench.registry, 60, insist.signal)
  bench.alternates = [
    { address: '2a01:4f8::8', port: 3478 },
    { address: '203.0.113.8', port: 3479 },
  ]
  const answer = waiting.allocate()
  assert.equal(codeOf(answer), 300)
  assert.ok(answer.integrityAt > 0)
  assert.equal(answer.attributes.get(attributes.alternateServer)!.toString('hex'), '00010d97cb007108')
  insist.abort()
  assert.equal(await drained, 'told again')
})

test('relay only: nobody is told their own address by a Binding, and relaying works as ever', () => {
  const bench = new EngineBench({ relayOnly: true })
  const client = bench.client()
  assert.throws(() => client.ask(methods.binding, []), /relay-only/)
  assert.equal(codeOf(client.allocate()), 0)
})
