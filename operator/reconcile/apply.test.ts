import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gatheredOf, secretOf } from '../../test/support/operator/gathered.ts'
import { ModelApi } from '../../test/support/operator/model/api.ts'
import { isConflict } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import { applyAll } from './apply.ts'
import type { Caches } from './caches.ts'

const owner = { apiVersion: 'chatmail.dev/v1alpha1', kind: 'ChatmailServer', name: 'chat', uid: 'uid-1' }
const configMap = (owners: object[], file: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'chat-relays', namespace: 'mail', ownerReferences: owners as never },
  data: { file },
})

/** Applies one object that no copy knows, to what is there. */
const applyTo = async (there: KubeObject | null, object: KubeObject) => {
  const api = new ModelApi()
  if (there) api.put(there)
  const noted: KubeObject[] = []
  const caches = { wrote: (each: KubeObject) => noted.push(each) } as unknown as Caches
  const applied = await applyAll({ client: api.client, caches }, gatheredOf(), [object])
  return { ...applied, noted, writes: api.writes, now: [...api.objects.values()][0]! }
}

test('what is not there is made, with one call', async () => {
  const { written, problem, noted, writes } = await applyTo(null, configMap([owner], 'new'))
  assert.deepEqual([written, problem, writes], [['ConfigMap/chat-relays'], null, 1])
  assert.equal(noted.length, 1)
})

test('what somebody else has made is told and left', async () => {
  const { problem, isForeign, writes, now } = await applyTo(configMap([], 'theirs'), configMap([owner], 'new'))
  assert.deepEqual([problem?.reason, isForeign, writes, now.data], ['AdoptionRefused', true, 0, { file: 'theirs' }])
})

test('what is of this server and lost its label is brought back', async () => {
  const { written, problem, now } = await applyTo(configMap([owner], 'old'), configMap([owner], 'new'))
  assert.deepEqual([written, problem, now.data], [['ConfigMap/chat-relays'], null, { file: 'new' }])
})

test('a Secret that came in the meantime is not overwritten: the next pass reads it', async () => {
  const secret = (text: string) => secretOf('chat-turn-keyring', { ring: text }, { ownerReferences: [owner] })
  await assert.rejects(applyTo(secret('theirs'), secret('new')), isConflict)
})
