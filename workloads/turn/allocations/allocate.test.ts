// Allocate on the engine: RFC 8656 §7.2, reservations, ports and quotas.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { addressIn, codeOf, requestedFamily, udpTransport } from '../../../test/support/turn-client.ts'
import { EngineBench, publicPeer } from '../../../test/support/turn-engine.ts'
import { attributes } from '../stun/attributes.ts'
import { integrityHolds } from '../stun/integrity.ts'
import type { Message } from '../stun/message.ts'
import { methods } from '../stun/types.ts'

const attribute = (type: number, ...bytes: number[]) => ({ type, value: Uint8Array.from(bytes) })
const relayed = (message: Message) => addressIn(message, attributes.xorRelayedAddress)
const evenPort = (reserve: boolean) => attribute(attributes.evenPort, reserve ? 0x80 : 0)
const empty = { allocations: 0, relays: 0, sockets: 0, quotas: 0, reservations: 0 }

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

test('reserved ports count against the quotas until they are claimed or given back', () => {
  const bench = new EngineBench({ limits: { allocationsPerCredential: 4 } })
  const client = bench.client()
  for (const code of [0, 0, 0, 486]) {
    assert.equal(codeOf(client.allocate([evenPort(true)])), code)
    client.refresh(0)
  }
  assert.equal(bench.reservations.size, 3)
  const token = bench.client({ port: 9 }, client.login)
  assert.equal(codeOf(token.allocate()), 0)
  assert.equal(codeOf(bench.client({ port: 10 }, client.login).allocate()), 486)
  bench.pass(31)
  assert.equal(codeOf(client.allocate([evenPort(true)])), 0)
  client.refresh(0)
  token.refresh(0)
  bench.pass(31)
  assert.deepEqual(bench.leftovers(), empty)
})

test('a claimed port is counted once', () => {
  const bench = new EngineBench({ limits: { allocationsPerCredential: 2 } })
  const client = bench.client()
  const value = client.allocate([evenPort(true)]).attributes.get(attributes.reservationToken)!
  const other = bench.client({ port: 9 }, client.login)
  assert.equal(codeOf(other.allocate([{ type: attributes.reservationToken, value }])), 0)
  client.refresh(0)
  other.refresh(0)
  assert.deepEqual(bench.leftovers(), empty)
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
