// What happens to live allocations when the world around them changes: other peers refused, a key revoked, limits met.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BenchClient, EngineBench, publicPeer, ringOf } from '../../../test/support/turn-engine.ts'
import { peerPolicy } from '../peers/policy.ts'
import { attributes } from '../stun/attributes.ts'
import { readXorAddress } from '../stun/xor-address.ts'
import { judgeAgain } from './judge-again.ts'

const peer = publicPeer(1)
const relayPorts = { min: 50_000, max: 50_099 }

const relayedAddress = (client: BenchClient) => {
  const answer = client.allocate()
  return readXorAddress(answer.attributes.get(attributes.xorRelayedAddress)!, answer.transactionId)!
}

const refuse = (bench: EngineBench, prefix: string): void => {
  bench.policy = peerPolicy({ allow: [], deny: [[prefix, 'cluster']], own: [], relayPorts })
  judgeAgain(bench.registry, bench.policy, bench.dataPath)
}

test('a peer that is refused from now on gets nothing more, by channel or indication; others stay', () => {
  const bench = new EngineBench()
  const client = bench.client()
  const other = publicPeer(300)
  client.allocate()
  assert.equal(client.permit(peer, other), 0)
  assert.equal(client.bind(0x4000, peer), 0)
  refuse(bench, `${peer.address}/32`)
  client.raw(Buffer.from('4000000101000000', 'hex'))
  client.sendTo(peer, Buffer.of(1))
  client.sendTo(other, Buffer.of(2))
  assert.deepEqual(
    bench.sentToPeers.map(({ to }) => to.address),
    [other.address],
  )
  assert.deepEqual(bench.registry.counts(), { permissions: 1, channels: 0 })
  assert.equal(client.permit(peer), 403)
  assert.deepEqual(bench.denied, ['cluster'])
})

test('a channel to a port that may not be sent to any more ends, the permission stays for the others', () => {
  const bench = new EngineBench()
  const client = bench.client()
  client.allocate()
  client.bind(0x4000, peer)
  bench.policy = peerPolicy({ allow: [], deny: [], own: [peer.address], relayPorts })
  judgeAgain(bench.registry, bench.policy, bench.dataPath)
  client.raw(Buffer.from('4000000101000000', 'hex'))
  client.sendTo(peer, Buffer.of(1))
  client.sendTo({ ...peer, port: 50_001 }, Buffer.of(1))
  assert.deepEqual(bench.drops, ['channel-data', 'peer-port'])
  assert.equal(bench.sentToPeers.length, 1)
})

test('a revoked key ends what was allocated with it; one that merely left the ring ends nothing', () => {
  const bench = new EngineBench()
  bench.client({ port: 1 }).allocate()
  bench.keyring = ringOf(2, 'k2')
  bench.client({ port: 2 }).allocate()
  assert.deepEqual(bench.registry.byKey(), { k1: 1, k2: 1 })
  bench.registry.removeOf(['k1'])
  assert.deepEqual(bench.registry.byKey(), { k2: 1 })
  assert.equal(bench.leftovers().sockets, 1)
})

test('two allocations reach each other at the public address without the network', () => {
  const bench = new EngineBench()
  const [a, b] = [bench.client({ port: 1 }), bench.client({ port: 2 })]
  const [relayedA, relayedB] = [relayedAddress(a), relayedAddress(b)]
  a.permit(relayedB)
  b.bind(0x4001, relayedA)
  const before = bench.sentToClients.length
  a.sendTo(relayedB, Buffer.from('hi'))
  assert.equal(bench.sentToPeers.length, 0)
  assert.equal(bench.sentToClients[before]!.to.port, 2)
  assert.equal(bench.sentToClients[before]!.bytes.toString('hex'), '400100026869')
  b.raw(Buffer.from('40010002686f0000', 'hex'))
  assert.equal(bench.sentToClients.at(-1)!.to.port, 1)
  bench.client({ port: 3 }).allocate()
  a.permit({ ...relayedB, port: 50_002 })
  a.sendTo({ ...relayedB, port: 50_002 }, Buffer.of(1))
  assert.equal(bench.drops.at(-1), 'no-permission', 'a third client that has not let this one in')
  a.sendTo({ ...relayedB, port: 50_050 }, Buffer.of(1))
  assert.equal(bench.sentToPeers.at(-1)!.to.port, 50_050, 'a port that is no relay of this process is sent to')
})

test('all allocations together keep to the total bandwidth, in each direction', () => {
  const bench = new EngineBench({ limits: { bandwidthTotal: 100_000 } })
  const clients = [1, 2].map((port) => bench.client({ port }))
  for (const client of clients) {
    client.allocate()
    client.permit(peer)
    client.sendTo(peer, Buffer.alloc(60_000))
  }
  assert.equal(bench.sentToPeers.length, 1)
  assert.deepEqual(bench.drops, ['bandwidth'])
  bench.now += 1000
  clients[1]!.sendTo(peer, Buffer.alloc(60_000))
  assert.equal(bench.sentToPeers.length, 2)
})

test('what a client does not take is dropped and counted, and not as relayed', () => {
  const bench = new EngineBench()
  const client = bench.client()
  const relayed = relayedAddress(client)
  client.permit(peer)
  bench.clientsFull = true
  bench.fromPeer(relayed, Buffer.of(1), peer)
  assert.deepEqual(bench.drops, ['queue'])
  assert.equal(bench.traffic.packetsToClients, 0)
})
