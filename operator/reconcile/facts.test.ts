import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverOf } from '../../test/support/operator/a-server.ts'
import { type GatheredParts, gatheredOf, nodeOf, podOf } from '../../test/support/operator/gathered.ts'
import { turnPeers } from '../../workloads/contract/turn-peers.ts'
import type { KubeObject } from '../kube/objects.ts'
import { type Decided, factsOf } from './facts.ts'
import type { Relay } from './relays.ts'

const relay = (name: string, address: string, change: Partial<Relay> = {}): Relay => ({
  node: {
    name,
    hostname: name,
    listen: ['0.0.0.0'],
    ipv4: '0.0.0.0',
    ipv6: null,
    publicIpv4: address,
    publicIpv6: null,
  },
  nodeName: name,
  host: address,
  port: 3478,
  address: { ipv4: address, ipv6: null },
  podIP: '10.244.1.7',
  state: 'Ready',
  reason: null,
  idle: false,
  leaving: false,
  cordoned: false,
  ...change,
})
const facts = (spec: object, parts: GatheredParts, relays: Relay[] = [], withdrawn: string[] = []) =>
  factsOf(gatheredOf({ server: serverOf(spec), ...parts }), {
    image: 'image',
    certificate: { secretName: 'chat-tls', issuer: null, pem: null, selfSigned: true },
    keyring: '{}',
    managementToken: 'token',
    relays,
    irohUrl: null,
    withdrawn: new Set(withdrawn),
  } as unknown as Decided)

test('relays that work and stay are told, and take the clients of one that drains; one that moves is known by both addresses', () => {
  const relays = [
    relay('n1', '203.0.113.1'),
    relay('n2', '203.0.113.2', {
      port: 5000,
      address: { ipv4: '203.0.113.9', ipv6: '2001:db8::9' },
      host: '203.0.113.9',
    }),
    relay('n3', '203.0.113.3', { state: 'Draining' }),
  ]
  const { turnEndpoints, turnPeers: peers, turnNodes } = facts({}, {}, relays, ['n1'])
  assert.deepEqual(
    turnEndpoints.map(({ host, port }) => `${host}:${port}`),
    ['203.0.113.9:5000'],
  )
  assert.deepEqual(peers.alternates, [{ address: '203.0.113.9', port: 5000 }])
  assert.deepEqual(peers.relays, ['2001:db8::9', '203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.9'])
  assert.deepEqual(
    turnNodes.map(({ name }) => name),
    ['n1', 'n2', 'n3'],
    'all are rendered',
  )
  turnPeers.parse(peers)
})

test('the cluster itself is denied, and behind a load balancer relays know the pods of one another', () => {
  const pod = podOf('a')
  pod.status!.podIP = '10.244.0.7'
  const parts = {
    nodes: [nodeOf('n1', { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] })],
    turnPods: [pod],
    ranges: { services: ['10.96.0.0/12'], apiServers: [], nat64: ['2001:db8:64::/96'] },
  }
  const none = { address: { ipv4: null, ipv6: null }, host: '198.51.100.9', nodeName: null }
  const balanced = relay('lb-0', '', { ...none, node: { ...relay('lb-0', '').node, publicIpv4: null } })
  const { turnPeers: peers } = facts({ turn: { exposure: 'LoadBalancer' } }, parts, [balanced])
  assert.deepEqual([peers.deny, peers.relays, peers.alternates], [['10.0.0.1', '10.96.0.0/12'], ['10.244.0.7'], []])
  assert.deepEqual(facts({}, parts).turnPeers.relays, [])
  const given = { turn: { peers: { nat64: ['2001:db8:1::/48', '2001:db8:64::/96'] } } }
  assert.deepEqual(facts(given, parts).turnPeers.nat64, ['2001:db8:1::/48', '2001:db8:64::/96'])
})

const service = (type: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'chat-mail' },
  spec: { type, ports: [{ name: 'imaps', nodePort: 30993 }, { name: 'http' }, { nodePort: 31000 }] },
})
const claim = (spec: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'chat-mail-data' },
  spec,
})

test('what the API server has given out stays: ports of nodes, class and size of the volume', () => {
  assert.deepEqual(facts({}, { live: [service('NodePort')] }).nodePorts, { imaps: 30993 })
  assert.deepEqual(
    facts({}, { live: [service('LoadBalancer')] }).nodePorts,
    {},
    'those of a load balancer are nobody’s business',
  )
  assert.equal(facts({}, {}).volume, null)
  const volume = claim({ storageClassName: 'fast', resources: { requests: { storage: '20G' } } })
  assert.deepEqual(facts({}, { live: [volume] }).volume, { size: '20G', storageClassName: 'fast' })
  assert.equal(facts({}, { live: [claim({})] }).volume, null)
})

test('clients connect to the host that is given, else to the domain', () => {
  assert.equal(facts({}, {}).publicHost, 'chat.example.org')
  assert.equal(facts({ domain: '[203.0.113.7]' }, {}).publicHost, '203.0.113.7')
  assert.equal(facts({ exposure: { host: 'mx.example.org' } }, {}).publicHost, 'mx.example.org')
})
