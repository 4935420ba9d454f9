import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../kube/objects.ts'
import { WrittenObjects } from './written.ts'

let now = 0
const object = (uid: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    namespace: 'chat',
    name: 'chat-relays',
    uid,
    resourceVersion,
    labels: { 'app.kubernetes.io/instance': 'chat' },
  },
})
const versions = (written: WrittenObjects, ...seen: KubeObject[]): unknown[] =>
  written.over(seen, 'chat', 'chat').map(({ metadata }) => metadata.resourceVersion)

test('what was written is believed until it is seen, and no longer', () => {
  const written = new WrittenObjects(() => now)
  assert.equal(written.doubtMs('chat', 'chat'), null)
  written.note(object('a', '9'))
  assert.deepEqual(versions(written), ['9'])
  assert.deepEqual(versions(written, object('a', '10')), ['10'])
  assert.deepEqual(versions(written), [])
  assert.equal(written.doubtMs('chat', 'chat'), null)
})

test('what was deleted is not believed, what has its name by now is', () => {
  const written = new WrittenObjects(() => now)
  written.note(object('a', '9'))
  written.gone(object('b', '8'))
  assert.deepEqual(versions(written), ['9'])
  written.gone(object('a', '11'))
  assert.deepEqual(versions(written), [])
})

test('what nobody ever tells of is doubted after a while, and that is when to look again', () => {
  const written = new WrittenObjects(() => now)
  written.note(object('a', '9'))
  now += 4000
  const doubtMs = written.doubtMs('chat', 'chat')!
  assert.ok(doubtMs > 0 && doubtMs < 10_000)
  assert.deepEqual(versions(written), ['9'])
  now += doubtMs
  assert.deepEqual(versions(written), [])
})
