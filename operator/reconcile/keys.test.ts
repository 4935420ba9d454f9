import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type GatheredParts,
  gatheredOf,
  nodeOf,
  podOf,
  secretOf,
  stateOf,
} from '../../test/support/operator/gathered.ts'
import { type Keyring, signingKey } from '../../workloads/contract/keyring.ts'
import { fileText } from '../render/files.ts'
import { firstKeyring } from '../turnkeys/first.ts'
import { rotateAnnotation } from '../turnkeys/policy.ts'
import { UnreadableKeyring } from '../turnkeys/step.ts'
import { acknowledgements, rotateKeys } from './keys.ts'

const now = 1_795_548_186_000
const seconds = now / 1000
let made = 0
const random = (bytes: number): Buffer => Buffer.alloc(bytes, `random number ${made++}`)
const ringOf = (change: Partial<Keyring> = {}): Keyring => ({ ...firstKeyring(random, seconds), ...change })
const kept = (ring: Keyring | string) =>
  secretOf('chat-turn-keyring', { 'keyring.json': typeof ring === 'string' ? ring : fileText(ring) })
const has = (ring: Keyring) => stateOf({ 'keyring.json': fileText(ring) })
const nodes = [nodeOf('n1'), nodeOf('dark', { ready: false })]

const acks = (ring: Keyring, parts: GatheredParts) =>
  acknowledgements(gatheredOf({ nodes, ...parts }), ring, fileText(ring))

test('who has to have a key: pods that run and pods that drain, not one that waits or one on a dark node', () => {
  const [old, ring] = [ringOf(), ringOf({ generation: 4 })]
  const turnPods = [
    podOf('has'),
    podOf('drains', { terminating: true, ready: false }),
    podOf('lags'),
    podOf('silent'),
    podOf('starts'),
    podOf('dark', { node: 'dark' }),
    podOf('seen late'),
  ]
  const states = { has: has(ring), drains: has(ring), lags: has(old), silent: null, dark: null, 'seen late': has(old) }
  assert.deepEqual(acks(ring, { turnPods, states }).turn, [4, 4, null, null, null])
  const mailPods = [podOf('has'), podOf('dark', { node: 'dark' }), podOf('starts')]
  assert.deepEqual(acks(ring, { mailPods, states }).mail, [4, null], 'mail on a dark node may go on signing')
  assert.deepEqual(acks(ring, {}), { turn: [], mail: [] })
})

test('a ring that was lost is made anew, and pods that have the lost one do not confirm it, whatever it counted', () => {
  const lost = ringOf({ generation: 9 })
  const pods = { turnPods: [podOf('t')], mailPods: [podOf('m')], nodes }
  const first = rotateKeys(gatheredOf({ ...pods, states: { t: has(lost), m: has(lost) } }), random)
  const ring = first.rotation.ring
  assert.equal(ring.generation, 1)
  assert.notEqual(signingKey(ring).secret, signingKey(lost).secret)

  const server = gatheredOf()
  const annotations = { [rotateAnnotation]: 'now' }
  const object = { ...server.object, metadata: { ...server.object.metadata, annotations } }
  const asked = rotateKeys(
    gatheredOf({ ...pods, object, live: [kept(ring)], states: { t: has(lost), m: has(lost) } }),
    random,
  )
  assert.equal(asked.rotation.phase, 'Introducing')
  const live = [kept(asked.text)]
  for (const state of [has(lost), has(ring), null]) {
    const waiting = rotateKeys(gatheredOf({ ...pods, object, live, states: { t: state, m: state } }), random)
    assert.equal(waiting.rotation.reason, 'WaitingForTurn')
    assert.equal(waiting.text, asked.text)
  }
  const loaded = rotateKeys(
    gatheredOf({ ...pods, object, live, states: { t: has(asked.rotation.ring), m: null } }),
    random,
  )
  assert.equal(loaded.rotation.phase, 'Switched')
})

test('a ring that needs no change stays byte by byte, as whoever wrote it', () => {
  const text = JSON.stringify(ringOf())
  assert.equal(rotateKeys(gatheredOf({ live: [kept(text)], now }), random).text, text)
})

test('a ring that cannot be read is not replaced, and no error tells of its content', () => {
  for (const text of ['', '{', '{"generation":1,"keys":[]}', JSON.stringify({ ...ringOf(), more: 'secret-content' })])
    assert.throws(
      () => rotateKeys(gatheredOf({ live: [kept(text)] }), random),
      (error: Error) => error instanceof UnreadableKeyring && !error.message.includes('secret-content'),
    )
})
