import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeOf } from '../../test/support/operator/gathered.ts'
import type { KubeClient } from '../kube/client.ts'
import { clusterRanges, deniedRanges } from './cluster-ranges.ts'

test('API and DNS are asked every ten minutes, sooner where one failed, and what they do not tell is what they told before', async () => {
  let now = 0
  let calls = 0
  let up = true
  const answer = async <T>(value: T): Promise<T> => {
    calls++
    if (!up) throw new Error('no answer')
    return value
  }
  const client = {
    list: () => answer({ items: [{ spec: { cidrs: ['10.96.0.0/12', 'fd00::/108'] } }] }),
    get: () => answer({ endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }] }),
  } as unknown as KubeClient
  const resolve = (name: string) =>
    answer(name === 'ipv4only.arpa' ? ['192.0.0.170', '2001:db8:64::c000:aa'] : ['192.0.2.1'])
  const ranges = clusterRanges(client, resolve, () => now)
  const told = {
    services: ['10.96.0.0/12', 'fd00::/108'],
    apiServers: ['10.0.0.1', '10.0.0.2'],
    nat64: ['2001:db8:64::/96'],
  }
  assert.deepEqual([await ranges(), await ranges(), calls], [told, told, 3])
  up = false
  now = 600_000
  assert.deepEqual([await ranges(), await ranges(), calls], [told, told, 6])
  now += 30_000
  assert.deepEqual([await ranges(), calls], [told, 9])
  const unknown = clusterRanges(client, resolve, () => now)
  assert.deepEqual(await unknown(), { services: [], apiServers: [], nat64: [] }, 'a cluster that does not tell')
  up = true
  const silent = clusterRanges(
    client,
    async () => [],
    () => now,
  )
  assert.deepEqual(await silent(), { ...told, nat64: [] }, 'a DNS that knows of no translator')
})

test('addresses of nodes, ranges of pods and the rest: each once and in one order', () => {
  const addresses = [
    { type: 'InternalIP', address: '10.0.0.1' },
    { type: 'ExternalIP', address: '198.51.100.1' },
    { type: 'Hostname', address: 'n1' },
  ]
  const one = nodeOf('n1', { addresses })
  const [dual, single] = [nodeOf('n2'), nodeOf('n3')]
  dual.spec = { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24', 'fd01::/64'] }
  single.spec = { podCIDR: '10.244.1.0/24' }
  const ranges = { services: ['10.96.0.0/12'], apiServers: ['10.0.0.1'], nat64: ['2001:db8:64::/96'] }
  const denied = ['10.0.0.1', '10.244.0.0/24', '10.244.1.0/24', '10.96.0.0/12', '198.51.100.1', 'fd01::/64']
  assert.deepEqual(deniedRanges([one, dual, single], ranges), denied)
  assert.deepEqual(deniedRanges([single, one, dual], ranges), denied)
})
