// From the spec to the server: what a ChatmailServer says of its relay, rendered, at a real process and a real client.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { allNat64, nat64Prefixes } from '../../../operator/nat64/discovery.ts'
import { type Facts, outsideACluster, type Platform, type TurnNode } from '../../../operator/render/facts.ts'
import { renderTurnConfig } from '../../../operator/render/turn/config.ts'
import { turnConfig } from '../../../workloads/contract/turn-config.ts'
import { noPeers } from '../../../workloads/contract/turn-peers.ts'
import { proveRelay } from '../../../workloads/turn/client/prove.ts'
import { attributes } from '../../../workloads/turn/stun/attributes.ts'
import { serverOf } from '../../support/operator/a-server.ts'
import { addressIn, codeOf, TurnClient, udpSocket } from '../../support/turn-client.ts'
import { TurnProcess } from '../../support/turn-process.ts'

const node: TurnNode = {
  name: 'one',
  hostname: null,
  listen: ['127.0.0.1', '::1'],
  ipv4: '127.0.0.1',
  ipv6: '::1',
  publicIpv4: null,
  publicIpv6: null,
}

/** The facts that the relay's configuration is made of. */
const factsOn = (platform: Platform) =>
  ({ ...outsideACluster, platform, managementAddress: '127.0.0.1', turnNodes: [node] }) as unknown as Facts

/** A relay as the spec says, on the ports that the test has found free. */
const relayOf = async (t: TestContext, platform: Platform, turn: object): Promise<TurnProcess> => {
  const process = await TurnProcess.start({
    config: ({ listen, management }) => {
      const monitoring = { ports: { turn: management.port } }
      const server = serverOf({ turn: { ...turn, port: listen.port, relayPorts: { min: 49152 } }, monitoring })
      return turnConfig.parse(renderTurnConfig(server, factsOn(platform), node))
    },
  })
  t.after(() => process.stop())
  return process
}

const open = async (t: TestContext, relay: TurnProcess, from = '127.0.0.1'): Promise<TurnClient> => {
  const client = new TurnClient(await udpSocket(from), relay.address, relay.login())
  t.after(() => client.close())
  return client
}

/** Threads have their own pairs of relay ports; the first share is that of TCP and TLS. */
const threadOf = (port: number, workers: number): number => (port >> 1) % (workers + 1)

test('turn.workers: so many threads answer on the port, in a cluster and on one machine', async (t) => {
  const allow = ['127.0.0.0/8']
  for (const [platform, workers] of [
    ['cluster', 3],
    ['local', 2],
  ] as const) {
    const relay = await relayOf(t, platform, { workers, peers: { allow }, limits: { allocationsPerCredential: 100 } })
    const served = new Set<number>()
    for (let count = 0; count < 60; count++) {
      const client = await open(t, relay, `127.3.0.${count % 20}`)
      served.add(threadOf(addressIn(await client.allocate(), attributes.xorRelayedAddress).port, workers))
    }
    assert.deepEqual(
      [...served].sort(),
      Array.from({ length: workers }, (_, index) => index + 1),
    )
    const proof = await proveRelay({ ...relay.address, ...relay.login(), timeoutMs: 5000 })
    assert.ok(proof.ok, JSON.stringify(proof))
  }
})

/** 10.0.0.1, which is denied, as a translator with such a prefix would reach it (RFC 6052 §2.2). */
const translated = {
  '2a01:db8::/32': '2a01:db8:a00:1::',
  '2a01:db8:100::/40': '2a01:db8:10a:0:1::',
  '2a01:db8:122::/48': '2a01:db8:122:a00:0:100::',
  '2a01:db8:122:300::/56': '2a01:db8:122:30a:0:1::',
  '2a01:db8:122:344::/64': '2a01:db8:122:344:a:0:100:0',
  '2a01:db8:122:355::/96': '2a01:db8:122:355::10.0.0.1',
}

test('turn.peers.nat64 and what the DNS tells: a denied IPv4 address is refused behind the prefix too', async (t) => {
  const relay = await relayOf(t, 'cluster', {})
  const client = await open(t, relay)
  const additional = { type: attributes.additionalAddressFamily, value: Uint8Array.of(2, 0, 0, 0) }
  assert.equal(codeOf(await client.allocate([additional])), 0)
  const ask = async (address: string) => codeOf(await client.permit({ address, port: 4000 }))
  const given = Object.keys(translated)
  const found = nat64Prefixes(['2a02:64::c000:aa'])
  const told = async (nat64: string[]) => relay.tellPeers({ ...noPeers, nat64 })
  for (const address of [...Object.values(translated), '2a02:64::10.0.0.1']) assert.equal(await ask(address), 0)
  const { peers } = serverOf({ turn: { peers: { nat64: given } } }).spec.turn
  await told(allNat64(peers.nat64, found))
  assert.equal((await relay.state()).counts.permissions, 0, 'what was permitted is judged again')
  for (const address of [...Object.values(translated), '2a02:64::10.0.0.1']) assert.equal(await ask(address), 403)
  assert.equal(await ask('2a02:64::9.9.9.9'), 0, 'a public address behind it')
  assert.equal(codeOf(await client.bind(0x4000, { address: '2a02:64::9.9.9.9', port: 4000 })), 0)
  assert.equal(codeOf(await client.bind(0x4001, { address: '2a02:64::169.254.169.254', port: 4000 })), 403)
})
