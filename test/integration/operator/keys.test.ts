// The TURN keys of a server through their rotation, with a clock of the test, pods that lag, and operators that die.
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { Status } from '../../../operator/api/status.ts'
import { Reflector } from '../../../operator/kube/reflector.ts'
import type { RunningOperator } from '../../../operator/reconcile/operator.ts'
import { secretResource, serverResource } from '../../../operator/reconcile/resources.ts'
import { type SecretObject, secretText } from '../../../operator/reconcile/view.ts'
import { phaseOf } from '../../../operator/turnkeys/rotation.ts'
import { type Keyring, keyring, signingKey } from '../../../workloads/contract/keyring.ts'
import { apiServerMissing } from '../../support/api-server.ts'
import { eventually } from '../../support/eventually.ts'
import { brisk, OperatorBed } from '../../support/operator/bed.ts'
import { assertDiscreet } from '../../support/operator/discretion.ts'
import { mortalClient } from '../../support/operator/mortal-client.ts'

const skip = apiServerMissing()
const dayMs = 86_400_000
const secretRef = { namespace: 'default', name: 'chat-turn-keyring' }
let bed: OperatorBed
let operator: RunningOperator
/** The operator's clock goes ahead by this. */
let aheadMs = 0

const now = (): number => Date.now() + aheadMs
const operate = (client = bed.client) => bed.operate({ client, now, pace: brisk })

before(async () => {
  if (skip) return
  bed = await OperatorBed.start()
  operator = await operate()
  await bed.apply('chat', { domain: 'chat.example.org', turn: { replicas: 2 }, exposure: { type: 'ClusterIP' } })
  await bed.until('chat', 'Ready', 'True')
})
after(() => bed?.stop())

const readRing = async (): Promise<Keyring> =>
  keyring.parse(JSON.parse(secretText(await bed.client.get(secretResource, secretRef), 'keyring.json') ?? 'null'))

const writeRing = (text: string) =>
  bed.client.mergePatch(secretResource, secretRef, { data: { 'keyring.json': Buffer.from(text).toString('base64') } })

/** The status of the keys, once the rotation stands there for this reason. */
const keysAre = (phase: string, reason: string): Promise<NonNullable<Status['turnKeys']>> =>
  eventually(async () => {
    const { status } = await bed.until('chat', 'KeysReady', 'True', reason)
    assert.equal(status?.turnKeys?.phase, phase)
    return status.turnKeys
  })

const later = async (days: number): Promise<void> => {
  aheadMs += days * dayMs
  await bed.lookAgain('chat')
}

const request = (kind: 'rotate' | 'revoke', id: string) =>
  bed.client.mergePatch(
    serverResource,
    { namespace: 'default', name: 'chat' },
    { metadata: { annotations: { [`chatmail.dev/${kind}-keys`]: id } } },
  )

/** Every ring that is written from now on. */
const recordRings = async (t: TestContext): Promise<Keyring[]> => {
  const rings: Keyring[] = []
  const options = { client: bed.client, resource: secretResource, namespace: 'default' }
  const reflector = new Reflector<SecretObject>({
    ...options,
    fieldSelector: `metadata.name=${secretRef.name}`,
  })
  reflector.onChange(({ object }) => rings.push(keyring.parse(JSON.parse(secretText(object, 'keyring.json')!))))
  reflector.start()
  await reflector.synced
  t.after(() => reflector.stop())
  return rings
}

/** No key is lost that may still be needed, none appears that signs at once, and one number never means two rings. */
const assertContinuous = (rings: readonly Keyring[]): void => {
  for (const [index, ring] of rings.entries()) {
    const before = rings[index - 1]
    if (!before) continue
    assert.ok(ring.generation === before.generation || ring.generation === before.generation + 1)
    if (phaseOf(ring) === 'Introducing') assert.equal(signingKey(ring).id, signingKey(before).id)
    const had = new Set(before.keys.map(({ secret }) => secret))
    assert.ok(had.has(signingKey(ring).secret), 'a key signs that relays cannot have')
    if (phaseOf(before) !== 'Switched' || ring.generation === before.generation)
      assert.ok(
        [...had].every((secret) => ring.keys.some((key) => key.secret === secret)),
        'a key is dropped too soon',
      )
  }
}

test('a key is introduced, switched to and dropped, each when every pod has loaded it', { skip }, async (t) => {
  const rings = await recordRings(t)
  const first = await keysAre('Steady', 'Steady')
  assert.deepEqual([first.generation, first.signingKeyId], [1, 'k1'])
  bed.kubelet.freeze('default', 'chat-turn-node2-0')
  bed.kubelet.freeze('default', 'chat-mail-0')
  await later(31)
  const introduced = await keysAre('Introducing', 'WaitingForRelays')
  assert.deepEqual([introduced.generation, introduced.signingKeyId], [2, 'k1'])
  await bed.until('chat', 'Ready', 'True')

  bed.kubelet.thaw('default', 'chat-turn-node2-0')
  await bed.lookAgain('chat')
  const switched = await keysAre('Switched', 'WaitingForMail')
  assert.deepEqual([switched.generation, switched.signingKeyId], [3, 'k2'])
  await later(6)
  await keysAre('Switched', 'WaitingForMail')

  bed.kubelet.thaw('default', 'chat-mail-0')
  await bed.lookAgain('chat')
  await expires('k1')
  await keysAre('Switched', 'Switched')
  await later(5)
  await keysAre('Switched', 'Switched')
  await later(0.1)
  const last = await keysAre('Steady', 'Steady')
  assert.deepEqual([last.generation, last.signingKeyId], [4, 'k2'])
  assert.equal(Date.parse(last.nextRotation!) - Date.parse(last.since), 30 * dayMs)
  assertContinuous(rings)
})

test('a rotation on demand, and a revocation that does not wait', { skip }, async () => {
  const before = await readRing()
  await request('rotate', 'today')
  await keysAre('Switched', 'Switched')
  assert.match(signingKey(await readRing()).id, /^k3-r[0-9a-f]{10}$/)
  const leaked = await readRing()
  await request('revoke', 'leak1')
  await keysAre('Steady', 'Steady')
  const revoked = await readRing()
  assert.deepEqual([revoked.generation, revoked.keys.length], [leaked.generation + 1, 1])
  assert.deepEqual(
    revoked.revoked,
    leaked.keys.map(({ id }) => id),
  )
  assert.ok(![...before.keys, ...leaked.keys].some(({ secret }) => secret === revoked.keys[0]!.secret))
})

test('two operators at once, as after a split, write one ring', { skip }, async (t) => {
  const rings = await recordRings(t)
  const others = await Promise.all([operate(), operate()])
  const before = signingKey(await readRing()).id
  await request('rotate', 'split')
  await expires(before)
  await later(6)
  await keysAre('Steady', 'Steady')
  assertContinuous(rings)
  const byGeneration = new Map<number, Set<string>>()
  for (const { generation, keys } of rings)
    byGeneration.set(
      generation,
      (byGeneration.get(generation) ?? new Set()).add(keys.map(({ id, role }) => `${id} ${role}`).join()),
    )
  for (const [generation, contents] of byGeneration) assert.equal(contents.size, 1, `two rings of ${generation}`)
  for (const other of others) await other.stop()
})

/** Resolves when it is written down how long the key of that name is needed yet. */
const expires = (id: string): Promise<void> =>
  eventually(async () => {
    const { keys } = await readRing()
    assert.ok(
      keys.some((key) => key.id === id && key.role === 'verify' && key.until !== undefined),
      JSON.stringify(keys.map(({ id, role }) => [id, role])),
    )
  })

/** Until the ring has the new key alone, whatever wakes the operator. */
const finishRotation = async (before: string): Promise<void> => {
  await expires(before)
  await later(6)
  await keysAre('Steady', 'Steady')
}

/** A rotation by an operator that dies after so many writes, and then by one that lives. True when the first one lived. */
const rotateDying = async (lifetime: number): Promise<boolean> => {
  const mortal = mortalClient(bed.client, lifetime)
  const before = signingKey(await readRing()).id
  const dying = await operate(mortal.client)
  await request('rotate', `n${lifetime}`)
  const finishing = finishRotation(before)
  const lived = await Promise.race([mortal.dead.then(() => false), finishing.then(() => true)])
  await dying.stop()
  const heir = await operate()
  await finishing
  await heir.stop()
  return lived
}

test('an operator that dies between any two writes leaves a ring from which the next goes on', { skip }, async (t) => {
  await operator.stop()
  const rings = await recordRings(t)
  let deaths = 0
  for (let lifetime = 0; ; lifetime++) {
    if (await rotateDying(lifetime)) break
    deaths++
  }
  assert.ok(deaths > 8, `only ${deaths} places to die`)
  assertContinuous(rings)
  operator = await operate()
})

test('a ring that cannot be read is left alone and told; put back, all goes on', { skip }, async () => {
  const kept = JSON.stringify(await readRing())
  const garbage = '{"generation": 9, "keys": [{"id": "k1", "secret": "short'
  await writeRing(garbage)
  const { status } = await bed.until('chat', 'Stalled', 'True', 'KeyringUnreadable')
  assert.ok(!JSON.stringify(status).includes('short'))
  await bed.lookAgain('chat')
  await bed.until('chat', 'Ready', 'False', 'Stalled')
  assert.equal(secretText(await bed.client.get(secretResource, secretRef), 'keyring.json'), garbage)
  await writeRing(kept)
  await bed.until('chat', 'Stalled', 'absent')
  await bed.until('chat', 'Ready', 'True')
  assert.equal(JSON.stringify(await readRing()), kept)
})

test('a ring that is deleted is made anew, with a key that nobody has seen', { skip }, async () => {
  const { keys } = await readRing()
  await bed.client.delete(secretResource, secretRef)
  await eventually(async () => {
    const made = await readRing()
    assert.ok(!keys.some(({ secret }) => secret === made.keys[0]!.secret))
  })
  await keysAre('Steady', 'Steady')
})

test('nothing of the keys was told', { skip }, async () => {
  assert.deepEqual(bed.kubelet.problems, [])
  await assertDiscreet(bed)
})
