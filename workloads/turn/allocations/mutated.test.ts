// A hundred thousand messages with mistakes, from a client with an allocation and from strangers: none throws, none leaves
// anything, and whoever plays by the rules is served after them as before.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BenchClient, EngineBench, publicPeer } from '../../../test/support/turn-engine.ts'
import { attributes } from '../stun/attributes.ts'
import { buildMessage } from '../stun/build.ts'
import { buildChannelData } from '../stun/channel-data.ts'
import { classes } from '../stun/types.ts'
import { text } from '../stun/values.ts'
import { xorAddress } from '../stun/xor-address.ts'

const messages = 100_000

/** Xorshift, so that a failure can be run again. */
const randomSource = (seed: number): ((below: number) => number) => {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

type Random = (below: number) => number

const bytesOf = (random: Random, length: number): Buffer => Buffer.from(Array.from({ length }, () => random(256)))

/** A request as a client would make it, now and then with an attribute more. */
const request = (client: BenchClient, random: Random): Buffer => {
  const id = bytesOf(random, 12)
  const list = [
    { type: attributes.requestedTransport, value: Uint8Array.of(17, 0, 0, 0) },
    { type: attributes.xorPeerAddress, value: xorAddress(publicPeer(random(4)), id) },
    { type: attributes.channelNumber, value: Uint8Array.of(0x40, random(4), 0, 0) },
    { type: attributes.lifetime, value: Uint8Array.of(0, 0, 2, random(256)) },
    { type: attributes.data, value: bytesOf(random, random(40)) },
    { type: random(0x10000), value: bytesOf(random, random(20)) },
  ].filter(() => random(4) > 0)
  const credentials = [
    text(attributes.username, client.login.username),
    text(attributes.realm, client.realm),
    text(attributes.nonce, client.nonce),
  ]
  return buildMessage({
    method: random(12),
    class: random(8) === 0 ? classes.indication : classes.request,
    transactionId: id,
    attributes: [...list, ...credentials],
    key: random(4) === 0 ? undefined : client.key,
    fingerprint: random(3) === 0,
  })
}

const mutate = (bytes: Buffer, random: Random): Buffer => {
  const kind = random(5)
  if (kind === 0) return bytes.subarray(0, random(bytes.length + 1))
  if (kind === 1) return Buffer.concat([bytes, bytesOf(random, random(12))])
  const copy = Buffer.from(bytes)
  for (let change = random(4); change >= 0; change--) copy[random(copy.length)] = random(256)
  return copy
}

test(`${messages} mutated messages change nothing that they may not`, () => {
  const bench = new EngineBench({ answers: { rate: 1e9, burst: 1e9, sources: 100 } })
  const random = randomSource(20_261_126)
  const honest = bench.client({ port: 1 })
  honest.allocate()
  assert.equal(honest.bind(0x4000, publicPeer(1)), 0)
  const victim = bench.client({ port: 2 })
  victim.allocate()
  for (let count = 0; count < messages; count++) {
    const from = [victim, bench.client({ port: 3 + random(50) })][random(2)]!
    const good =
      random(3) === 0
        ? buildChannelData(0x4000 + random(4), bytesOf(random, random(60)), false)
        : request(victim, random)
    from.raw(mutate(good, random))
  }
  assert.equal(honest.bind(0x4000, publicPeer(1)), 0)
  bench.pass(301)
  honest.bind(0x4000, publicPeer(1))
  const sent = bench.sentToPeers.length
  honest.raw(buildChannelData(0x4000, Buffer.from('still'), false))
  assert.equal(bench.sentToPeers[sent]!.data.toString(), 'still')
  bench.pass(4000)
  assert.deepEqual(bench.leftovers(), { allocations: 0, relays: 0, sockets: 0, quotas: 0, reservations: 0 })
})
