// The rules of RFC 8656 and of the key ring, on the engine without sockets.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { addressIn, codeOf, requestedFamily, udpTransport } from '../../../test/support/turn-client.ts'
import { EngineBench, publicPeer, ringOf } from '../../../test/support/turn-engine.ts'
import { turnPassword } from '../../contract/credential.ts'
import { signingKey } from '../../contract/keyring.ts'
import { attributes } from '../stun/attributes.ts'
import { buildMessage } from '../stun/build.ts'
import { integrityHolds } from '../stun/integrity.ts'
import type { Message } from '../stun/message.ts'
import { classes, methods } from '../stun/types.ts'

const lifetimeOf = (message: Message): number => message.attributes.get(attributes.lifetime)!.readUInt32BE()
const attribute = (type: number, ...bytes: number[]) => ({ type, value: Uint8Array.from(bytes) })
const relayed = (message: Message) => addressIn(message, attributes.xorRelayedAddress)
const evenPort = (reserve: boolean) => attribute(attributes.evenPort, reserve ? 0x80 : 0)
const peer = publicPeer(1)
const empty = { allocations: 0, relays: 0, sockets: 0, quotas: 0, reservations: 0 }

test('Binding tells the address, short', () => {
  const client = new EngineBench().client({ port: 4321 })
  const request = buildMessage({
    method: methods.binding,
    class: classes.request,
    transactionId: randomBytes(12),
    attributes: [],
  })
  assert.equal(client.raw(request)!.length, 32)
  assert.deepEqual(addressIn(client.ask(methods.binding, []), attributes.xorMappedAddress), {
    family: 4,
    address: '198.51.100.1',
    port: 4321,
  })
})

test('an Allocate without credentials is challenged, within three times its size and without state', () => {
  const bench = new EngineBench()
  const client = bench.client()
  const request = buildMessage({
    method: methods.allocate,
    class: classes.request,
    transactionId: randomBytes(12),
    attributes: [udpTransport],
  })
  assert.ok(client.raw(request)!.length <= 3 * request.length)
  const answer = client.ask(methods.allocate, [udpTransport])
  assert.equal(codeOf(answer), 401)
  assert.ok(answer.attributes.has(attributes.realm) && answer.attributes.has(attributes.nonce))
  assert.deepEqual(bench.leftovers(), empty)
})

test('a good Allocate is answered with everything, signed', () => {
  const bench = new EngineBench()
  const client = bench.client()
  const answer = client.allocate()
  assert.equal(codeOf(answer), 0)
  assert.deepEqual(relayed(answer), { family: 4, address: '203.0.113.7', port: 50_000 })
  assert.equal(lifetimeOf(answer), 600)
  assert.equal(addressIn(answer, attributes.xorMappedAddress).port, client.at.port)
  assert.ok(integrityHolds(answer, client.key))
  assert.deepEqual(bench.registry.byKey(), { k1: 1 })
})

test('user names that are none are 401 with a fresh nonce', () => {
  const client = new EngineBench().client()
  client.follow(client.ask(methods.allocate, [udpTransport]))
  for (const username of [
    'constructor',
    '__proto__',
    '',
    'user',
    '-1',
    '1e99',
    '999999999',
    `1${'0'.repeat(40)}`,
    'x:2000000000',
  ]) {
    client.login = { username, password: 'undefined' }
    const answer = client.allocate()
    assert.equal(codeOf(answer), 401, username)
    assert.ok(answer.attributes.has(attributes.nonce))
  }
})

test('expiry:anything is a user name too', () => {
  const bench = new EngineBench()
  const client = bench.client()
  const username = `${bench.unix + 100}:someone`
  client.login = { username, password: bench.login().password }
  assert.equal(codeOf(client.allocate()), 401)
  client.login = { username, password: turnPassword(signingKey(bench.keyring).secret, username) }
  assert.equal(codeOf(client.allocate()), 0)
})

test('an expired credential is 401 at Allocate', () => {
  const bench = new EngineBench()
  assert.equal(codeOf(bench.client({}, bench.login(0)).allocate()), 401)
  assert.equal(codeOf(bench.client({}, bench.login(1)).allocate()), 0)
})

test('MESSAGE-INTEGRITY without its companions is 400', () => {
  const client = new EngineBench().client()
  assert.equal(codeOf(client.ask(methods.allocate, [udpTransport], { key: Buffer.alloc(16) })), 400)
})

test('a nonce is worth nothing on another 5-tuple, after an hour, or changed', () => {
  const bench = new EngineBench()
  const client = bench.client()
  client.allocate()
  const { nonce, realm } = client
  for (const other of [bench.client({ port: 4001 }), bench.client({ address: '198.51.100.2' })]) {
    Object.assign(other, { nonce, realm })
    assert.equal(codeOf(other.allocate()), 438)
  }
  client.nonce = `${nonce.slice(0, -1)}${nonce.endsWith('A') ? 'B' : 'A'}`
  assert.equal(codeOf(client.refresh(600)), 438)
  client.nonce = nonce
  assert.equal(codeOf(client.refresh(3600)), 0)
  bench.pass(3590)
  client.refresh(3600)
  bench.pass(11)
  const stale = client.refresh(600)
  assert.equal(codeOf(stale), 438)
  client.follow(stale)
  assert.equal(codeOf(client.refresh(600)), 0)
})

test('a running allocation outlives the removal of its key and the end of its credential', () => {
  const bench = new EngineBench()
  const client = bench.client({}, bench.login(60))
  client.allocate()
  bench.keyring = ringOf(2, 'k2', 'k1')
  assert.equal(codeOf(bench.client({ port: 2 }).allocate()), 0)
  bench.keyring = ringOf(3, 'k2')
  bench.pass(120)
  assert.equal(codeOf(client.refresh(600)), 0)
  assert.equal(client.permit(peer), 0)
  assert.equal(client.bind(0x4000, peer), 0)
  assert.deepEqual(bench.registry.byKey(), { k1: 1, k2: 1 })
  const newcomer = bench.client({ port: 3 }, client.login)
  assert.equal(codeOf(newcomer.allocate()), 401)
})

test('another user cannot touch an allocation: 441 when valid, 401 when not', () => {
  const bench = new EngineBench()
  const client = bench.client()
  client.allocate()
  const own = client.login
  client.login = bench.login(5000)
  const answer = client.refresh(0)
  assert.equal(codeOf(answer), 441)
  assert.ok(integrityHolds(answer, client.key))
  assert.equal(client.permit(peer), 441)
  assert.equal(client.bind(0x4000, peer), 441)
  client.login = { username: own.username, password: 'wrong' }
  assert.equal(codeOf(client.refresh(0)), 401)
  client.login = own
  assert.equal(codeOf(client.refresh(600)), 0)
})

test('requests without an allocation are 437', () => {
  const client = new EngineBench().client()
  client.follow(client.ask(methods.allocate, [udpTransport]))
  assert.equal(codeOf(client.refresh(600)), 437)
  assert.equal(client.permit(peer), 437)
  assert.equal(client.bind(0x4000, peer), 437)
})

test('a retransmitted Allocate gets the same success, another one 437', () => {
  const bench = new EngineBench()
  const client = bench.client()
  const id = randomBytes(12)
  const first = client.allocate([], id)
  const again = client.allocate([], id)
  assert.deepEqual(again.bytes, first.bytes)
  assert.equal(codeOf(client.allocate()), 437)
  assert.equal(bench.registry.size, 1)
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

for (const [name, list, code] of [
  ['no transport', [], 400],
  ['a malformed transport', [attribute(attributes.requestedTransport, 17)], 400],
  ['TCP', [attribute(attributes.requestedTransport, 6, 0, 0, 0)], 442],
  ['an unknown family', [udpTransport, attribute(attributes.requestedAddressFamily, 9, 0, 0, 0)], 440],
  ['a malformed family', [udpTransport, attribute(attributes.requestedAddressFamily, 1)], 400],
  [
    'two kinds of family',
    [udpTransport, requestedFamily(4), attribute(attributes.additionalAddressFamily, 2, 0, 0, 0)],
    400,
  ],
  ['IPv4 as additional family', [udpTransport, attribute(attributes.additionalAddressFamily, 1, 0, 0, 0)], 400],
  [
    'a pair of ports of two families',
    [udpTransport, evenPort(true), attribute(attributes.additionalAddressFamily, 2, 0, 0, 0)],
    400,
  ],
  [
    'a reservation and an even port',
    [udpTransport, evenPort(false), attribute(attributes.reservationToken, 1, 2, 3, 4, 5, 6, 7, 8)],
    400,
  ],
  [
    'a reservation and a family',
    [udpTransport, requestedFamily(4), attribute(attributes.reservationToken, 1, 2, 3, 4, 5, 6, 7, 8)],
    400,
  ],
  ['a short reservation', [udpTransport, attribute(attributes.reservationToken, 1)], 400],
  [
    'a reservation that nobody made',
    [udpTransport, attribute(attributes.reservationToken, 1, 2, 3, 4, 5, 6, 7, 8)],
    508,
  ],
  ['an unknown required attribute', [udpTransport, attribute(0x7abc)], 420],
  ['a malformed lifetime', [udpTransport, attribute(attributes.lifetime, 1)], 400],
] as const)
  test(`Allocate with ${name} is ${code}, signed and without trace`, () => {
    const bench = new EngineBench()
    const client = bench.client()
    client.follow(client.ask(methods.allocate, [udpTransport]))
    const answer = client.signed(methods.allocate, list)
    assert.equal(codeOf(answer), code)
    assert.ok(integrityHolds(answer, client.key))
    if (code === 420) assert.deepEqual([...answer.attributes.get(attributes.unknownAttributes)!], [0x7a, 0xbc])
    assert.deepEqual(bench.leftovers(), empty)
  })

test('families: both, one off, and which is refused', () => {
  const additional = attribute(attributes.additionalAddressFamily, 2, 0, 0, 0)
  const both = new EngineBench()
  const client = both.client()
  assert.equal(codeOf(client.allocate([additional])), 0)
  assert.equal(both.dataPath.openRelays, 2)
  assert.equal(client.permit(publicPeer(1), publicPeer(1, 6)), 0)
  assert.equal(codeOf(client.refresh(0, [requestedFamily(6)])), 0)
  assert.equal(both.dataPath.openRelays, 1)
  assert.equal(client.permit(publicPeer(1, 6)), 443)
  const only4 = new EngineBench({ families: [4] })
  assert.equal(codeOf(only4.client().allocate([requestedFamily(6)])), 440)
  const answer = only4.client().allocate([additional])
  assert.equal(codeOf(answer), 0)
  assert.deepEqual([...answer.attributes.get(attributes.addressErrorCode)!], [2, 0, 4, 40])
  assert.equal(codeOf(new EngineBench({ families: [6] }).client().allocate()), 440)
})

test('a peer of another family is 443', () => {
  const client = new EngineBench().client()
  client.allocate()
  assert.equal(client.permit(publicPeer(1, 6)), 443)
  assert.equal(client.bind(0x4000, publicPeer(1, 6)), 443)
  assert.equal(codeOf(client.refresh(600, [requestedFamily(6)])), 443)
})

test('EVEN-PORT gives even ports and R reserves the next one for the same user, for half a minute', () => {
  const bench = new EngineBench({ ports: { min: 50_001, max: 50_010 } })
  const client = bench.client()
  assert.equal(relayed(client.allocate([evenPort(false)])).port, 50_002)
  const second = bench.client({ port: 2 })
  const answer = second.allocate([evenPort(true)])
  assert.equal(relayed(answer).port, 50_004)
  const token = { type: attributes.reservationToken, value: answer.attributes.get(attributes.reservationToken)! }
  assert.equal(codeOf(bench.client({ port: 3 }, bench.login(77)).allocate([token])), 508)
  const claimed = bench.client({ port: 4 }).allocate([token])
  assert.equal(relayed(claimed).port, 50_005)
  assert.equal(codeOf(bench.client({ port: 5 }).allocate([token])), 508)
  bench.client({ port: 6 }).allocate([evenPort(true)])
  assert.equal(bench.reservations.size, 1)
  bench.pass(31)
  assert.equal(bench.reservations.size, 0)
  assert.equal(bench.dataPath.openRelays, 4)
})

test('ports that others hold are passed over; without any left it is 508', () => {
  const bench = new EngineBench({ ports: { min: 50_000, max: 50_002 } })
  bench.taken.add(50_000)
  assert.equal(relayed(bench.client({ port: 1 }).allocate()).port, 50_001)
  assert.equal(relayed(bench.client({ port: 2 }).allocate()).port, 50_002)
  assert.equal(codeOf(bench.client({ port: 3 }).allocate()), 508)
})

for (const [limit, clients] of [
  ['allocationsPerCredential', (bench: EngineBench, n: number) => bench.client({ address: `198.51.100.${n}` })],
  ['allocationsPerIP', (bench: EngineBench, n: number) => bench.client({ port: n }, bench.login(1000 + n))],
  [
    'allocations',
    (bench: EngineBench, n: number) => bench.client({ address: `198.51.100.${n}` }, bench.login(1000 + n)),
  ],
] as const)
  test(`${limit} is kept with 486 and given back`, () => {
    const bench = new EngineBench({ limits: { [limit]: 2 } })
    const [first, second, third] = [1, 2, 3].map((n) => clients(bench, n))
    assert.equal(codeOf(first!.allocate()), 0)
    assert.equal(codeOf(second!.allocate()), 0)
    assert.equal(codeOf(third!.allocate()), 486)
    first!.refresh(0)
    assert.equal(codeOf(third!.allocate()), 0)
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

test('draining refuses new allocations with 508, shortens refreshes and ends with the last one', async () => {
  const bench = new EngineBench()
  const client = bench.client()
  client.allocate()
  const drained = bench.drain.run(bench.registry, 60)
  assert.equal(codeOf(bench.client({ port: 2 }).allocate()), 508)
  assert.equal(lifetimeOf(client.refresh(3600)), 120)
  assert.equal(client.bind(0x4000, peer), 0)
  client.refresh(0)
  assert.equal(await drained, 'empty')
})

test('draining ends at its deadline', async () => {
  const bench = new EngineBench()
  bench.client().allocate()
  assert.equal(await bench.drain.run(bench.registry, 0), 'deadline')
  assert.equal(bench.registry.size, 1)
})
