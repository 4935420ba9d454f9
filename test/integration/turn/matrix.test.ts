// Every prefix that is denied, in every form that it can hide in, through every request that names a peer, by a real client.
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { addressText } from '../../../workloads/kit/address/text.ts'
import { parsePrefix } from '../../../workloads/turn/address/prefix.ts'
import { deniedPrefixes } from '../../../workloads/turn/peers/denied-prefixes.ts'
import { attributes } from '../../../workloads/turn/stun/attributes.ts'
import { codeOf, TurnClient } from '../../support/turn-client.ts'
import { TurnProcess } from '../../support/turn-process.ts'

/** Ranges of a cluster, as `peers.json` names them. */
const cluster = ['44.0.0.0/9', '45.1.2.3', '2a02:100::/32']
const nat64 = '2a02:200::/96'

let turn: TurnProcess
before(async () => {
  turn = await TurnProcess.start({
    config: (config) => ({
      ...config,
      peers: { deny: ['46.0.0.0/8'], allow: [] },
      relay: { ...config.relay, publicIpv4: '47.0.0.1', publicIpv6: '2a02:300::1' },
    }),
  })
  await turn.tellPeers({ deny: cluster, nat64: [nat64] })
})
after(() => turn.stop())

/** The first and the last address of a prefix. */
const ends = (text: string): string[] => {
  const { bytes, bits } = parsePrefix(text)
  const at = (fill: 0 | 0xff) =>
    bytes.map((byte, index) => {
      const kept = (0xff << (8 - Math.min(Math.max(bits - index * 8, 0), 8))) & 0xff
      return (byte & kept) | (fill & ~kept & 0xff)
    })
  return [addressText(at(0)), addressText(at(0xff))]
}

const groups = (ipv4: string): string => {
  const [a, b, c, d] = ipv4.split('.').map(Number)
  return `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`
}
const turned = (ipv4: string): string =>
  ipv4
    .split('.')
    .map((part) => Number(part) ^ 0xff)
    .join('.')

const embeddings: Record<string, (ipv4: string) => string> = {
  mapped: (ipv4) => `::ffff:${ipv4}`,
  compatible: (ipv4) => `::${ipv4}`,
  NAT64: (ipv4) => `64:ff9b::${ipv4}`,
  'local NAT64': (ipv4) => `64:ff9b:1::${ipv4}`,
  "the network's NAT64": (ipv4) => `2a02:200::${ipv4}`,
  '6to4': (ipv4) => `2002:${groups(ipv4)}::1`,
  'Teredo server': (ipv4) => `2001:0:${groups(ipv4)}::1`,
  'Teredo client': (ipv4) => `2001:0:808:808::${groups(turned(ipv4))}`,
}

const denied = [...deniedPrefixes.map(([prefix]) => prefix), ...cluster, '46.0.0.0/8'].flatMap(ends)
const embedded = denied
  .filter((address) => !address.includes(':'))
  .flatMap((address) => Object.values(embeddings).map((embed) => embed(address)))
const every = [...new Set([...denied, ...embedded])]

const openBoth = async (t: TestContext): Promise<TurnClient> => {
  const client = await TurnClient.open(turn.address, turn.login())
  t.after(() => client.close())
  const additional = { type: attributes.additionalAddressFamily, value: Uint8Array.of(2, 0, 0, 0) }
  assert.equal(codeOf(await client.allocate([additional])), 0)
  return client
}

test(`${every.length} addresses are refused by CreatePermission and ChannelBind, alone and among good ones`, async (t) => {
  const client = await openBoth(t)
  const good = { address: '9.9.9.9', port: 4000 }
  for (const address of every) {
    const peer = { address, port: 4000 }
    assert.equal(codeOf(await client.permit(peer)), 403, `CreatePermission ${address}`)
    assert.equal(codeOf(await client.permit(good, peer)), 403, `CreatePermission with another ${address}`)
    assert.equal(codeOf(await client.bind(0x4000, peer)), 403, `ChannelBind ${address}`)
  }
  const { permissions, channels } = (await turn.state()).counts
  assert.deepEqual([permissions, channels], [0, 0])
  await client.refresh(0)
})

test('none of them is reached by a Send indication, whatever else is permitted', async (t) => {
  const client = await openBoth(t)
  assert.equal(codeOf(await client.permit({ address: '9.9.9.9', port: 4000 })), 0)
  for (const [index, address] of every.entries()) {
    client.sendTo({ address, port: 4000 }, Buffer.of(1))
    if (index % 50 === 0) await client.refresh(600)
  }
  await client.refresh(0)
  const metrics = await turn.management('/metrics')
  assert.match(metrics, /relayed_packets_total\{direction="to_peer"\} 0/)
  assert.match(metrics, new RegExp(`dropped_total\\{reason="no-permission"\\} ${every.length}\n`))
})

test('ports below 1024 are refused at any peer, and what is counted names the group', async (t) => {
  const client = await openBoth(t)
  for (const port of [0, 53, 123, 161, 1023])
    assert.equal(codeOf(await client.bind(0x4000, { address: '9.9.9.9', port })), 403)
  assert.equal(codeOf(await client.bind(0x4000, { address: '9.9.9.9', port: 1024 })), 0)
  const metrics = await turn.management('/metrics')
  for (const group of ['private', 'loopback', 'metadata', 'cluster', 'configured', 'multicast', 'tunnel', 'port'])
    assert.match(metrics, new RegExp(`denied_peers_total\\{group="${group}"\\} [1-9]`))
  await client.refresh(0)
})
