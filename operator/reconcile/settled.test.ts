import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { serverOf } from '../../test/support/operator/a-server.ts'
import { quantity } from '../api/quantities.ts'
import type { KubeObject } from '../kube/objects.ts'
import { type Facts, outsideACluster } from '../render/facts.ts'
import { render } from '../render/index.ts'
import { isSettled } from './settled.ts'
import { wireForm } from './wire.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Path = (string | number)[]

const facts: Facts = {
  ...outsideACluster,
  platform: 'cluster',
  image: 'registry.example.org/chatmail:1',
  publicHost: 'chat.example.org',
  listenAddress: '::',
  managementAddress: '::',
  certificate: {
    secretName: 'chat-tls',
    issuer: { name: 'le', kind: 'ClusterIssuer' },
    pem: { crt: 'crt', key: 'key' },
    selfSigned: true,
  },
  keyring: '{}',
  managementToken: 'token',
  turnNodes: ['one', 'two'].map((name) => ({
    name,
    hostname: name,
    listen: ['0.0.0.0'],
    ipv4: '0.0.0.0',
    ipv6: null,
    publicIpv4: '203.0.113.7',
    publicIpv6: null,
  })),
  turnEndpoints: [],
  irohUrl: null,
}

const sizes = fc.tuple(fc.integer({ min: 1, max: 99_999 }), fc.constantFrom('', 'Ki', 'Mi', 'Gi', 'Ti'))
const size = sizes.map(([number, unit]) => `${number}${unit}`)
const cpu = fc.oneof(
  fc.integer({ min: 1, max: 9999 }).map((milli) => `${milli}m`),
  fc.integer({ min: 1, max: 999 }).map((thousandths) => (thousandths / 1000).toString()),
  fc.integer({ min: 1, max: 99 }).map(String),
)
const toleration = fc.record(
  { key: fc.constantFrom('', 'role', 'gpu'), operator: fc.constant('Exists'), value: fc.constant('') },
  { requiredKeys: ['operator'] },
)

/** Everything that a server may consist of, as it is applied. */
const desired: fc.Arbitrary<KubeObject> = fc
  .record({
    requests: fc.record({ cpu, memory: size }),
    limits: fc.record({ cpu: fc.option(cpu), memory: size }),
    storage: size,
    tolerations: fc.array(toleration, { maxLength: 2 }),
    nodeSelector: fc.constantFrom({}, { role: 'edge' }, { role: '' }),
    type: fc.constantFrom('LoadBalancer', 'NodePort', 'HostNetwork', 'ClusterIP'),
    exposure: fc.constantFrom('HostNetwork', 'LoadBalancer'),
    annotations: fc.constantFrom({}, { 'lb.example.org/kind': '' }, { 'lb.example.org/size': '1024Mi' }),
    pick: fc.nat(100),
  })
  .map(({ requests, limits, storage, tolerations, nodeSelector, type, exposure, annotations, pick }) => {
    const server = serverOf({
      mail: { resources: { requests, limits }, storage: { size: storage }, tolerations, nodeSelector },
      turn: { resources: { requests, limits }, tolerations, nodeSelector, exposure },
      exposure: { type, annotations },
      imagePullSecrets: ['pull'],
      iroh: { mode: 'Disabled' },
    })
    const objects = render(server, facts).map((object) => wireForm(server, 'uid-1', object))
    return objects[pick % objects.length]!
  })

/** How the API server writes a quantity back: with the largest unit that leaves a whole number. */
const canonical = (text: string): string => {
  const value = quantity(text)!
  const units = /i$/.test(text)
    ? Object.entries({ Ei: 2 ** 60, Pi: 2 ** 50, Ti: 2 ** 40, Gi: 2 ** 30, Mi: 2 ** 20, Ki: 1024 })
    : Object.entries({ E: 1e18, P: 1e15, T: 1e12, G: 1e9, M: 1e6, k: 1e3 })
  const [unit, factor] = units.find(([, each]) => value >= each && value % each === 0) ?? ['', 1]
  const number = value / factor
  return Number.isInteger(number) ? `${number}${unit}` : `${Math.round(number * 1000)}m`
}

/** Fields whose emptiness means something: they are kept. */
const keptEmpty = new Set(['emptyDir', 'namespaceSelector', 'podSelector', 'matchLabels', 'data', 'annotations'])
/** Maps in which others may have keys, and lists in which they may have items. */
const shared = new Set(['labels', 'annotations', 'data', 'limits'])
const mergedLists = new Set(['containers', 'volumes', 'volumeMounts', 'imagePullSecrets', 'ports'])
/** Structures that get fields which nobody has set. */
const defaulted = new Set([
  'template',
  'containers',
  'securityContext',
  'readinessProbe',
  'metadata',
  'spec',
  'volumes',
])

const isEmpty = (value: Json): boolean =>
  value === '' || value === null || (typeof value === 'object' && Object.keys(value).length === 0)

const inMap = (path: Path): boolean => shared.has(String(path.at(-2))) || path.at(-2) === 'nodeSelector'

/** What the API server makes of an object that is applied, and others after it. */
const stored = (value: Json, path: Path, foreign: boolean): Json => {
  const name = String(path.at(-1))
  if (typeof value === 'string' && path.includes('resources')) return canonical(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = value.map((item, index) => stored(item, [...path, index], foreign))
    const open = mergedLists.has(name) && !path.includes('ingress')
    return foreign && open ? [{ name: 'theirs' }, ...items] : items
  }
  const entries = Object.entries(value)
    .filter(([key, item]) => !isEmpty(item) || keptEmpty.has(key) || inMap([...path, key]))
    .map(([key, item]): [string, Json] => [key, stored(item, [...path, key], foreign)])
  if (foreign && shared.has(name)) entries.push(['theirs', 'theirs'])
  if (defaulted.has(name) || path.at(-2) === 'containers' || path.at(-2) === 'volumes') entries.push(['byDefault', 30])
  return Object.fromEntries(entries)
}

const live = (object: KubeObject, foreign: boolean): KubeObject =>
  stored(object as Json, [], foreign) as unknown as KubeObject

/** All places of our values. */
const leaves = (value: Json, path: Path = []): Path[] => {
  if (typeof value !== 'object' || value === null) return isEmpty(value) ? [] : [path]
  return Object.entries(value).flatMap(([key, item]) =>
    leaves(item, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

const other = (value: Json): Json => {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  return /^\d/.test(String(value)) ? '7777777' : `${value}-x`
}

/** `object` with another value at `path`. */
const changedAt = (object: KubeObject, path: Path, change: (value: Json) => Json | undefined): KubeObject => {
  const copy = structuredClone(object)
  let at = copy as unknown as { [key: string]: Json }
  for (const key of path.slice(0, -1)) at = at[key] as { [key: string]: Json }
  const last = path.at(-1)!
  const next = change(at[last]!)
  if (next === undefined) delete at[last]
  else at[last] = next
  return copy
}

test('what the API server and others make of an object is no drift', () => {
  fc.assert(
    fc.property(desired, fc.boolean(), (object, foreign) => {
      assert.ok(isSettled(live(object, foreign), object), JSON.stringify([live(object, foreign), object]))
    }),
    { numRuns: 500 },
  )
})

test('each value of ours that somebody changes or takes away is drift', () => {
  fc.assert(
    fc.property(desired, (object) => {
      const settled = live(object, false)
      for (const path of leaves(object as Json)) {
        for (const change of [other, () => undefined]) {
          if (path.some((key) => typeof key === 'number') && change !== other) continue
          assert.ok(!isSettled(changedAt(settled, path, change), object), path.join('.'))
        }
      }
    }),
    { numRuns: 60 },
  )
})

const allOf = (kind: string): KubeObject[] => {
  const nodeSelector = { role: 'edge' }
  const server = serverOf({ turn: { nodeSelector }, mail: { nodeSelector }, iroh: { mode: 'Disabled' } })
  return render(server, facts)
    .map((object) => wireForm(server, 'uid-1', object))
    .filter((object) => object.kind === kind)
}

test('what selects, and lists that are replaced as a whole, hold nothing of others', () => {
  const more: [string, Path, Json][] = [
    ['Service', ['spec', 'selector', 'more'], 'x'],
    ['Deployment', ['spec', 'template', 'spec', 'nodeSelector', 'more'], 'x'],
    ['Deployment', ['spec', 'template', 'spec', 'tolerations'], [{ operator: 'Exists' }]],
    ['StatefulSet', ['spec', 'template', 'spec', 'nodeSelector', 'more'], 'x'],
    ['PodDisruptionBudget', ['spec', 'selector', 'matchExpressions'], [{ key: 'x', operator: 'Exists' }]],
    ['NetworkPolicy', ['spec', 'podSelector', 'matchExpressions'], [{ key: 'x', operator: 'Exists' }]],
    ['NetworkPolicy', ['spec', 'ingress', 0, 'ports', 9], { port: 22 }],
    ['NetworkPolicy', ['spec', 'ingress', 1, 'from', 0, 'namespaceSelector'], { matchLabels: { a: 'b' } }],
  ]
  for (const [kind, path, value] of more) {
    const [object] = allOf(kind)
    assert.ok(object && isSettled(live(object, false), object), kind)
    assert.ok(
      !isSettled(
        changedAt(live(object, false), path, () => value),
        object,
      ),
      path.join('.'),
    )
  }
})

test('a field that is no longer desired is told by the hash, an owner that is gone by the owners', () => {
  const [object] = allOf('Service')
  const settled = live(object!, false)
  const annotations = { ...object!.metadata.annotations, 'chatmail.dev/applied': 'another' }
  assert.ok(!isSettled({ ...settled, metadata: { ...settled.metadata, annotations } }, object!))
  assert.ok(!isSettled({ ...settled, metadata: { ...settled.metadata, ownerReferences: [] } }, object!))
  const theirs = { apiVersion: 'v1', kind: 'X', name: 'x', uid: 'x' }
  const ownerReferences = [theirs, ...settled.metadata.ownerReferences!]
  assert.ok(isSettled({ ...settled, metadata: { ...settled.metadata, ownerReferences } }, object!))
})
