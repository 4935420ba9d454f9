import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { gatheredOf, podOf, stateOf } from '../../test/support/operator/gathered.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Relay } from './relays.ts'
import { mailView, nodeOf, relayNodeOf, releasable, toReplace, waitingNodes } from './rollout.ts'

const deployment = (name: string, image: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: `chat-turn-${name}`, namespace: 'mail' },
  spec: { selector: { matchLabels: { 'chatmail.dev/turn-node': name } }, template: { image } },
})
const config = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `chat-turn-${name}-config`, namespace: 'mail', labels: { 'chatmail.dev/turn-node': name } },
})
const mail: KubeObject = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'chat-mail' } }

type Kind = { state: Relay['state']; idle: boolean }
const kinds = {
  ready: { state: 'Ready', idle: false },
  draining: { state: 'Draining', idle: false },
  untried: { state: 'Starting', idle: false },
  starting: { state: 'Starting', idle: true },
  unreachable: { state: 'Unreachable', idle: true },
} as const satisfies Record<string, Kind>

type Case = { kind: keyof typeof kinds; changed: boolean; leaving?: boolean; cordoned?: boolean }
const relayOf = (name: string, { kind, leaving = false, cordoned = false }: Case): Relay =>
  ({ node: { name }, ...kinds[kind], leaving, cordoned }) as Relay

const bedOf = (cases: readonly Case[]) => {
  const named = cases.map((each, index) => ({ name: `n${index}`, each }))
  const gathered = gatheredOf({ live: named.map(({ name }) => deployment(name, 'old')) })
  const objects = named.flatMap(({ name, each }) => [config(name), deployment(name, each.changed ? 'new' : 'old')])
  const relays = named.map(({ name, each }) => relayOf(name, each))
  return { gathered, relays, objects: [...objects, mail] }
}
const replaced = (...cases: Case[]): string[] => {
  const { gathered, relays, objects } = bedOf(cases)
  return [...toReplace(gathered, relays, objects)]
}
const ready: Case = { kind: 'ready', changed: true }
const done: Case = { kind: 'ready', changed: false }

test('one after the other, while the rest is up', () => {
  assert.deepEqual(replaced(ready, ready, ready), ['n0'])
  assert.deepEqual(replaced(done, ready, ready), ['n1'])
  assert.deepEqual(replaced(done, done), [])
  assert.deepEqual(replaced(ready), ['n0'], 'a single one has nobody to wait for')
  for (const kind of ['draining', 'untried', 'starting', 'unreachable'] as const)
    assert.deepEqual(replaced({ kind, changed: false }, ready), [], kind)
})

test('those without clients at once and before others, one that drains before those that do not', () => {
  const idle: Case[] = [
    { kind: 'starting', changed: true },
    { kind: 'unreachable', changed: true },
  ]
  assert.deepEqual(replaced(ready, ...idle), ['n1', 'n2'])
  assert.deepEqual(replaced(ready, { kind: 'draining', changed: true }), ['n1'])
  assert.deepEqual(replaced({ kind: 'untried', changed: true }, { kind: 'untried', changed: true }), [])
})

test('one that leaves and one on a cordoned node stay as they are while they serve', () => {
  assert.deepEqual(replaced({ ...ready, leaving: true }), [])
  assert.deepEqual(replaced({ ...ready, cordoned: true }, ready), ['n1'])
  assert.deepEqual(replaced({ kind: 'starting', changed: true, leaving: true }), ['n0'])
})

const anyCase: fc.Arbitrary<Case> = fc.record({
  kind: fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])),
  changed: fc.boolean(),
  leaving: fc.boolean(),
  cordoned: fc.boolean(),
})

test('of relays with clients never more than one, and only while all others are up', () => {
  fc.assert(
    fc.property(fc.array(anyCase, { maxLength: 6 }), fc.constantFrom('knows', 'lags', 'silent'), (cases, view) => {
      const { gathered, relays, objects } = bedOf(cases)
      const chosen = toReplace(gathered, relays, objects)
      const serving = relays.filter(({ node, idle }) => chosen.has(node.name) && !idle)
      assert.ok(serving.length <= 1)
      for (const one of serving)
        assert.ok(
          relays.every((relay) => relay === one || relay.state === 'Ready'),
          JSON.stringify(relays),
        )
      const { now, held } = releasable(gathered, relays, chosen, view, objects)
      assert.deepEqual([...now, ...held].length, objects.length)
      assert.ok(now.includes(mail), 'what is no relay is never held')
      const changedNow = now
        .flatMap((object) => nodeOf(object) ?? [])
        .filter((name) => cases[Number(name.slice(1))]!.changed)
      if (view === 'lags') assert.deepEqual(changedNow, [])
      if (view === 'silent') assert.ok(changedNow.every((name) => relays.find(({ node }) => node.name === name)!.idle))
      for (const name of changedNow) assert.ok(chosen.has(name))
      for (const object of held)
        assert.ok(
          held.some((other) => other !== object && relayNodeOf(other) === relayNodeOf(object)),
          'config and Deployment go together',
        )
    }),
  )
})

test('what is new is made at once', () => {
  const gathered = gatheredOf()
  const objects = [config('n0'), deployment('n0', 'new')]
  assert.deepEqual(releasable(gathered, [], toReplace(gathered, [], objects), 'lags', objects), {
    now: objects,
    held: [],
  })
})

const written: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'chat-relays' },
  data: { 'relays.json': 'wanted' },
}
const says = (text: string) => stateOf({ 'relays.json': text })

test('what mail pods tell: all of them count that run or answer, once the file is written', () => {
  const mailPods = ['a', 'b'].map((uid) => podOf(uid))
  const view = (states: Parameters<typeof stateOf>[0] | object, live = [written]) =>
    mailView(gatheredOf({ mailPods, live, states: states as never }), 'wanted')
  assert.equal(view({ a: says('wanted'), b: says('wanted') }), 'knows')
  assert.equal(view({ a: says('wanted') }), 'knows', 'one that does not run tells nobody')
  assert.equal(view({}), 'knows')
  assert.equal(view({ a: says('wanted'), b: says('old') }), 'lags')
  assert.equal(view({ a: null, b: says('old') }), 'lags')
  assert.equal(view({ a: stateOf({}) }), 'lags')
  assert.equal(view({ a: null, b: says('wanted') }), 'silent')
  assert.equal(view({ a: says('wanted') }, []), 'lags', 'before it is written nobody can know')
  assert.equal(view({}, [{ ...written, data: { 'relays.json': 'old' } }]), 'lags')
})

test('who waits is told by the name of the node, once for all objects of it', () => {
  const relays = [
    { node: { name: 'n0-1a2b3c' }, nodeName: 'n0.example.org' },
    { node: { name: 'lb-0' }, nodeName: null },
  ]
  const waiting = [config('n0-1a2b3c'), deployment('n0-1a2b3c', 'new'), config('lb-0'), config('gone'), mail]
  assert.deepEqual(waitingNodes(waiting, relays as Relay[]), ['n0.example.org', 'lb-0', 'gone'])
})
