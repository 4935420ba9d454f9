// Whatever clients and peers do in whatever order, the tables stay consistent and nothing is left over at the end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BenchClient, EngineBench, publicPeer, ringOf } from '../../../test/support/turn-engine.ts'
import { peerPolicy } from '../peers/policy.ts'
import { attributes } from '../stun/attributes.ts'
import type { Allocation } from './allocation.ts'
import { judgeAgain } from './judge-again.ts'

type Step = (bench: EngineBench, clients: readonly BenchClient[]) => void

const who = fc.nat(3)
const which = fc.nat(3)
const channel = fc.integer({ min: 0x4000, max: 0x4004 })

/** Who has no nonce yet gets one with its first Allocate; the others ask as they are. */
const step: fc.Arbitrary<Step> = fc.oneof(
  who.map(
    (n): Step =>
      (_, clients) =>
        void clients[n]!.allocate(),
  ),
  who.map(
    (n): Step =>
      (_, clients) => {
        const reserve = { type: attributes.evenPort, value: Uint8Array.of(0x80) }
        clients[n]!.allocate([reserve])
      },
  ),
  fc.tuple(who, fc.constantFrom(0, 600, 900)).map(
    ([n, seconds]): Step =>
      (_, clients) =>
        void clients[n]!.refresh(seconds),
  ),
  fc.tuple(who, which).map(
    ([n, peer]): Step =>
      (_, clients) =>
        void clients[n]!.permit(publicPeer(peer)),
  ),
  fc.tuple(who, which, channel).map(
    ([n, peer, number]): Step =>
      (_, clients) =>
        void clients[n]!.bind(number, publicPeer(peer)),
  ),
  fc.tuple(who, which).map(
    ([n, peer]): Step =>
      (_, clients) =>
        clients[n]!.sendTo(publicPeer(peer), Buffer.of(1)),
  ),
  fc.tuple(who, channel).map(
    ([n, number]): Step =>
      (_, clients) =>
        void clients[n]!.raw(Buffer.of(number >> 8, number & 0xff, 0, 0)),
  ),
  fc.tuple(who, fc.uint8Array({ maxLength: 60 })).map(
    ([n, raw]): Step =>
      (_, clients) =>
        void clients[n]!.raw(Buffer.from(raw)),
  ),
  fc.nat(700).map(
    (seconds): Step =>
      (bench) =>
        bench.pass(seconds),
  ),
  fc.tuple(fc.nat(20), which).map(
    ([port, peer]): Step =>
      (bench) =>
        bench.fromPeer({ address: '203.0.113.7', port: 50_000 + port }, Buffer.of(1), publicPeer(peer)),
  ),
)

/** What changes while clients go on: policy, keys, and connections that end. */
const change: fc.Arbitrary<Step> = fc.oneof(
  fc.nat(4).map(
    (refused): Step =>
      (bench) =>
        refuse(bench, refused),
  ),
  fc.constantFrom('k1', 'k2').map(
    (key): Step =>
      (bench) => {
        bench.keyring = ringOf(bench.keyring.generation + 1, key)
      },
  ),
  fc.constantFrom('k1', 'k2').map(
    (key): Step =>
      (bench) => {
        bench.registry.removeOf([key])
        assert.equal(bench.registry.byKey()[key], undefined)
      },
  ),
  who.map(
    (n): Step =>
      (bench, clients) => {
        const { address, port } = clients[n]!.at
        bench.engine.disconnected(bench.side, address, port)
        assert.equal(bench.side.find(address, port), undefined)
      },
  ),
  who.map(
    (n): Step =>
      (bench, clients) => {
        clients[n]!.login = bench.login(3000)
        clients[n]!.allocate([{ type: attributes.additionalAddressFamily, value: Uint8Array.of(2, 0, 0, 0) }])
      },
  ),
)

/** Peers 0 to `count` - 1 are refused from now on, and get nothing more. */
const refuse = (bench: EngineBench, count: number): void => {
  const deny = Array.from({ length: count }, (_, index) => [publicPeer(index).address, 'cluster'] as const)
  bench.policy = peerPolicy({ allow: [], deny, own: [], relayPorts: { min: 50_000, max: 50_009 } })
  judgeAgain(bench.registry, bench.policy, bench.dataPath)
}

const checkPeers = (bench: EngineBench, sentBefore: number): void => {
  for (const { to } of bench.sentToPeers.slice(sentBefore)) assert.equal(typeof bench.policy(to.address), 'object')
  for (const { permissions } of bench.registry)
    for (const address of permissions.keys()) assert.equal(typeof bench.policy(address), 'object', 'still permitted')
}

const checkAllocation = (allocation: Allocation): void => {
  const bound = [...allocation.permissions.values()].flatMap(({ channels }) => [...channels.values()])
  assert.equal(bound.length, allocation.channels.size, 'every channel hangs on one permission')
  for (const [number, each] of allocation.channels) {
    assert.equal(each.number, number)
    assert.equal(each.permission.channels.get(each.port), each, 'a channel and its peer know each other')
    assert.equal(allocation.permissions.get(each.permission.address), each.permission)
  }
  for (const { relay } of allocation.permissions.values()) assert.ok(allocation.relays.includes(relay))
}

const check = (bench: EngineBench, clients: readonly BenchClient[]): void => {
  const live = clients.map(({ at }) => bench.side.find(at.address, at.port)).filter((each) => each !== undefined)
  const { allocations, relays, sockets, reservations } = bench.leftovers()
  assert.equal(allocations, live.length)
  assert.equal(relays, sockets)
  assert.equal(relays, live.reduce((sum, each) => sum + each.relays.length, 0) + reservations!)
  assert.equal(
    Object.values(bench.registry.byKey()).reduce((sum, count) => sum + count, 0),
    live.length,
  )
  for (const allocation of live) checkAllocation(allocation)
}

test('random sequences keep the tables consistent and leak nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof({ arbitrary: step, weight: 4 }, change), { maxLength: 50 }), (steps) => {
      const bench = new EngineBench({
        limits: { allocationsPerIP: 3, permissions: 3, channels: 3 },
        ports: { min: 50_000, max: 50_009 },
      })
      const clients = [1, 2, 3, 4].map((port) => bench.client({ port }, bench.login(port * 500)))
      for (const run of steps) {
        const sent = bench.sentToPeers.length
        run(bench, clients)
        check(bench, clients)
        checkPeers(bench, sent)
      }
      bench.pass(4000)
      assert.deepEqual(bench.leftovers(), { allocations: 0, relays: 0, sockets: 0, quotas: 0, reservations: 0 })
      assert.deepEqual(bench.registry.counts(), { permissions: 0, channels: 0 })
    }),
    { numRuns: 300 },
  )
})
