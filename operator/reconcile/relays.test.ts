import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverOf } from '../../test/support/operator/a-server.ts'
import {
  type GatheredParts,
  gatheredOf,
  nodeOf,
  type PodParts,
  podOf,
  stateOf,
} from '../../test/support/operator/gathered.ts'
import type { KubeObject } from '../kube/objects.ts'
import { firstKeyring } from '../turnkeys/first.ts'
import type { Proofs, Proven } from './proofs.ts'
import { findRelays, type Relay, toldEndpoints } from './relays.ts'

const ring = firstKeyring((bytes) => Buffer.alloc(bytes, 7), 1_795_548_186)
type Target = { host: string; port: number }

/** Proofs that end as told, of what was asked. */
const proofsOf = (proven: (target: Target, told: boolean) => Proven = () => ({ state: 'works' })) => {
  const asked: string[] = []
  const proofs = {
    of: (_owner: string, id: string, target: Target, told: boolean) => {
      asked.push(id)
      return proven(target, told)
    },
    keepOnly: () => {},
  } as unknown as Proofs
  return { proofs, asked }
}

const deploymentOf = (
  name: string,
  serves: string | null,
  change: { place?: number; lag?: boolean } = {},
): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: `chat-turn-${name}`,
    namespace: 'mail',
    generation: 2,
    annotations: {
      ...(serves ? { 'chatmail.dev/serves': serves } : {}),
      ...(change.place === undefined ? {} : { 'chatmail.dev/place': String(change.place) }),
    },
  },
  spec: { replicas: 1 },
  status: { observedGeneration: change.lag ? 1 : 2, updatedReplicas: 1 },
})

const relayPod = (name: string, parts: PodParts = {}) =>
  podOf(`pod-${name}`, { node: name, labels: { 'chatmail.dev/turn-node': name }, ...parts })

const address = (name: string): string => `203.0.113.${name.slice(1)}`
const nodesOf = (...names: string[]) => names.map((name) => nodeOf(name, { annotation: address(name) }))
/** The relay of a node, as it runs. */
const running = (...names: string[]): Required<Pick<GatheredParts, 'live' | 'turnPods'>> => ({
  live: names.map((name) => deploymentOf(name, `3478 ${address(name)}`)),
  turnPods: names.map((name) => relayPod(name)),
})

const find = (turn: object, parts: GatheredParts, proofs = proofsOf().proofs) =>
  findRelays(gatheredOf({ server: serverOf({ turn }), ...parts }), ring, proofs)
const brief = ({ nodeName, host, port, state, leaving }: Relay): string =>
  `${nodeName} ${host}:${port} ${state}${leaving ? ' leaving' : ''}`
const told = (relays: readonly Relay[], withdrawn: string[] = []): string[] =>
  toldEndpoints(relays, new Set(withdrawn), true).map(({ host, port }) => `${host}:${port}`)

test('what a relay is up to, and that only one which works is told', () => {
  const current = deploymentOf('n1', '3478 203.0.113.1')
  const works: Proven = { state: 'works' }
  const cases: [string, GatheredParts, Proven, Relay['state'], RegExp | null][] = [
    ['ready and proved', { live: [current], turnPods: [relayPod('n1')] }, works, 'Ready', null],
    [
      'its change not seen',
      { live: [deploymentOf('n1', '3478 203.0.113.1', { lag: true })], turnPods: [relayPod('n1')] },
      works,
      'Draining',
      /being replaced/,
    ],
    [
      'its new pod not made',
      { live: [{ ...current, status: { observedGeneration: 2, updatedReplicas: 0 } }], turnPods: [relayPod('n1')] },
      works,
      'Draining',
      /being replaced/,
    ],
    ['no Deployment', { turnPods: [relayPod('n1')] }, works, 'Draining', /being replaced/],
    ['no pod', { live: [current] }, works, 'Starting', /not there yet/],
    ['not ready', { live: [current], turnPods: [relayPod('n1', { ready: false })] }, works, 'Starting', /starts/],
    ['stops', { live: [current], turnPods: [relayPod('n1', { terminating: true })] }, works, 'Draining', /go on/],
    [
      'drains',
      { live: [current], turnPods: [relayPod('n1')], states: { 'pod-n1': stateOf({}, true) } },
      works,
      'Draining',
      /drains/,
    ],
    ['untried', { live: [current], turnPods: [relayPod('n1')] }, { state: 'untried' }, 'Starting', /proved/],
    [
      'fails',
      { live: [current], turnPods: [relayPod('n1')] },
      { state: 'fails', message: 'allocate: no answer' },
      'Unreachable',
      /no answer/,
    ],
    [
      'evicted before',
      {
        live: [current],
        turnPods: [
          podOf('old', { node: 'n1', phase: 'Failed', ready: false, labels: { 'chatmail.dev/turn-node': 'n1' } }),
          relayPod('n1'),
        ],
      },
      works,
      'Ready',
      null,
    ],
    ['of another node', { live: [current], turnPods: [relayPod('n2')] }, works, 'Starting', /not there yet/],
  ]
  for (const [name, parts, proven, state, reason] of cases) {
    const { relays } = find({}, { nodes: nodesOf('n1'), ...parts }, proofsOf(() => proven).proofs)
    assert.equal(relays[0]!.state, state, name)
    if (reason) assert.match(relays[0]!.reason!, reason, name)
    else assert.equal(relays[0]!.reason, null, name)
    assert.deepEqual(told(relays), state === 'Ready' ? ['203.0.113.1:3478'] : [], name)
    assert.deepEqual(told(relays, ['n1']), [], name)
  }
})

test('without a proof a pod that is ready is told, and nobody tries to reach it', () => {
  const { proofs, asked } = proofsOf(() => ({ state: 'fails', message: 'no way out' }))
  const { relays } = find({ publicAddress: { proof: 'Skip' } }, { nodes: nodesOf('n1'), ...running('n1') }, proofs)
  assert.deepEqual(told(relays), ['203.0.113.1:3478'])
  assert.deepEqual(asked, [])
})

test('a change of the port or of an address is told when it is made', () => {
  const nodes = [nodeOf('n1', { annotation: '203.0.113.99' }), ...nodesOf('n2')]
  const before = find({ replicas: 2, port: 5000 }, { nodes, ...running('n1', 'n2') })
  assert.deepEqual(told(before.relays), ['203.0.113.1:3478', '203.0.113.2:3478'])
  assert.deepEqual(
    before.relays.map(({ node }) => node.publicIpv4),
    ['203.0.113.99', '203.0.113.2'],
    'what is rendered',
  )
  const live = [deploymentOf('n1', '5000 203.0.113.99'), deploymentOf('n2', '3478 203.0.113.2')]
  const after = find({ replicas: 2, port: 5000 }, { nodes, ...running('n1', 'n2'), live })
  assert.deepEqual(told(after.relays), ['203.0.113.99:5000', '203.0.113.2:3478'])
})

test('each pod, address and port is proved anew', () => {
  const { proofs, asked } = proofsOf()
  const nodes = nodesOf('n1')
  find({}, { nodes, ...running('n1') }, proofs)
  find({}, { nodes, ...running('n1'), live: [deploymentOf('n1', '3479 203.0.113.1')] }, proofs)
  find(
    {},
    {
      nodes,
      ...running('n1'),
      turnPods: [{ ...relayPod('n1'), metadata: { ...relayPod('n1').metadata, uid: 'next' } }],
    },
    proofs,
  )
  assert.equal(new Set(asked).size, 3)
})

test('a relay leaves when every chosen node has one that works, and not before', () => {
  const nodes = [nodeOf('n1', { annotation: address('n1'), cordoned: true }), ...nodesOf('n2')]
  const starting = find({}, { nodes, ...running('n1') })
  assert.deepEqual(starting.relays.map(brief), ['n2 203.0.113.2:3478 Starting', 'n1 203.0.113.1:3478 Ready leaving'])
  assert.deepEqual(told(starting.relays), ['203.0.113.1:3478'])
  const both = find({}, { nodes, ...running('n1', 'n2') })
  assert.deepEqual(both.relays.map(brief), ['n2 203.0.113.2:3478 Ready'])
  const nameless = find({}, { nodes: [nodes[0]!, nodeOf('n2')], ...running('n1') })
  assert.deepEqual(
    nameless.relays.map(brief),
    ['n1 203.0.113.1:3478 Ready leaving'],
    'a node without an address takes nothing over',
  )
  assert.deepEqual(nameless.withoutAddress, ['n2'])
  const one = find({ replicas: 2 }, { nodes: [...nodes, nodeOf('n3')], ...running('n1', 'n2') })
  assert.equal(one.relays.length, 2, 'nor does one of two')
})

const listed = {
  replicas: 2,
  publicAddress: { source: 'Static', addresses: ['198.51.100.1', '198.51.100.2', '2001:db8::1'] },
}

test('a node keeps its place among listed addresses when others come and go', () => {
  const first = find(listed, { nodes: nodesOf('n1', 'n2') })
  assert.deepEqual(
    first.relays.map(({ node }) => [node.name, node.publicIpv4, node.publicIpv6, node.place]),
    [
      ['n1', '198.51.100.1', '2001:db8::1', 0],
      ['n2', '198.51.100.2', null, 1],
    ],
  )
  const live = [
    deploymentOf('n1', '3478 198.51.100.1', { place: 0 }),
    deploymentOf('n2', '3478 198.51.100.2', { place: 1 }),
  ]
  const turnPods = [relayPod('n1'), relayPod('n2')]
  const cordoned = [nodeOf('n1', { cordoned: true }), nodeOf('n2'), nodeOf('n3')]
  const leaving = find(listed, { nodes: cordoned, live, turnPods })
  assert.deepEqual(leaving.relays.map(brief), [
    'n2 198.51.100.2:3478 Ready',
    'n3 198.51.100.1:3478 Starting',
    'n1 198.51.100.1:3478 Ready leaving',
  ])
  const swapped = { ...listed, publicAddress: { source: 'Static', addresses: ['198.51.100.2', '198.51.100.1'] } }
  assert.deepEqual(
    find(swapped, { nodes: nodesOf('n1', 'n2'), live, turnPods }).relays.map(({ node }) => node.publicIpv4),
    ['198.51.100.2', '198.51.100.1'],
    'a person who mends the list is heard',
  )
})

const service = (...ingress: object[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'chat-turn', namespace: 'mail' },
  status: { loadBalancer: { ingress } },
})
const balanced = { exposure: 'LoadBalancer', replicas: 2 }
const lb = (name: string) => ({ pod: relayPod(name), deployment: deploymentOf(name, '3478 -') })
const [lb0, lb1] = [lb('lb-0'), lb('lb-1')]

test('behind a load balancer all pods are one endpoint, at its address and the port of its Service', () => {
  const turnPods = [lb0.pod, lb1.pod]
  const live = [lb0.deployment, lb1.deployment]
  const given = find(
    { ...balanced, port: 5000 },
    { turnPods, live: [...live, service({ ip: '2001:db8::1' }, { ip: '198.51.100.9' })] },
  )
  assert.deepEqual(told(given.relays), ['198.51.100.9:5000'])
  assert.deepEqual(told(given.relays, ['lb-0']), ['198.51.100.9:5000'])
  assert.deepEqual(told(given.relays, ['lb-0', 'lb-1']), [])
  const named = find(balanced, { turnPods, live: [...live, service({ hostname: 'lb.example.org' })] })
  assert.deepEqual(told(named.relays), ['lb.example.org:3478'])
  for (const none of [[], [service()], [service({ ip: '2001:db8::1' })]]) {
    const { relays } = find(balanced, { turnPods, live: [...live, ...none] })
    assert.deepEqual(told(relays), [])
    assert.match(relays[0]!.reason!, /describe service chat-turn/)
  }
})

test('a name is told in place of the address, and is what IPv6 alone needs', () => {
  const nodes = [nodeOf('n1', { annotation: '2001:db8::1' })]
  const live = [deploymentOf('n1', '3478 2001:db8::1')]
  const turnPods = [relayPod('n1')]
  const nameless = find({}, { nodes, live, turnPods })
  assert.deepEqual(told(nameless.relays), [])
  assert.match(nameless.relays[0]!.reason!, /spec\.turn\.hostname/)
  assert.deepEqual(told(find({ hostname: 'turn.example.org' }, { nodes, live, turnPods }).relays), [
    'turn.example.org:3478',
  ])
})

test('what an operator before has told is taken to work until it fails', () => {
  const relaysMap: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'chat-relays', namespace: 'mail' },
    data: { 'relays.json': JSON.stringify({ turn: [{ id: 'n1', host: '203.0.113.1', port: 3478, state: 'ready' }] }) },
  }
  const { live, turnPods } = running('n1', 'n2')
  const { proofs } = proofsOf((_target, before) => ({ state: before ? 'works' : 'untried' }))
  const nodes = nodesOf('n1', 'n2')
  assert.deepEqual(told(find({ replicas: 2 }, { nodes, turnPods, live: [...live, relaysMap] }, proofs).relays), [
    '203.0.113.1:3478',
  ])
  for (const text of ['', '{', '[]', '{"turn":7}']) {
    const broken = { ...relaysMap, data: { 'relays.json': text } }
    assert.deepEqual(told(find({ replicas: 2 }, { nodes, turnPods, live: [...live, broken] }, proofs).relays), [])
  }
})

test('without TURN there is no relay, and nothing is proved', () => {
  const { proofs, asked } = proofsOf()
  const step = find({ enabled: false }, { nodes: nodesOf('n1'), ...running('n1') }, proofs)
  assert.deepEqual([step, asked], [{ relays: [], withoutAddress: [], missing: 0 }, []])
})
