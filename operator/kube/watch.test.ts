import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError, isGone, WatchFormatError } from './errors.ts'
import type { Resource } from './objects.ts'
import { watchEvent, watchSeconds } from './watch.ts'

const pods: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }
const event = (type: string, object: unknown) => watchEvent(JSON.stringify({ type, object }), pods)

test('an event says what its object is', () => {
  const metadata = { name: 'a', namespace: 'ns', resourceVersion: '7' }
  assert.deepEqual(event('ADDED', { metadata }), {
    type: 'ADDED',
    object: { apiVersion: 'v1', kind: 'Pod', metadata },
  })
  assert.equal(event('BOOKMARK', { metadata: { resourceVersion: '8' } }).object.metadata.resourceVersion, '8')
})

test('an error in the stream is that error', () => {
  assert.throws(
    () => event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }),
    (error) => isGone(error) && error.message === 'too old',
  )
  assert.throws(() => event('ERROR', null), ApiError)
})

test('what is no event is told apart, and never quoted', () => {
  const bad = [
    '{"type":"ADDED","secret',
    'null',
    '[]',
    '{"type":"ADDED"}',
    '{"type":"secret","object":{"metadata":{}}}',
  ]
  const unnamed = '{"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}}'
  const unversioned = '{"type":"DELETED","object":{"metadata":{"name":"secret"}}}'
  for (const line of [...bad, unnamed, unversioned])
    assert.throws(
      () => watchEvent(line, pods),
      (error: Error) => error instanceof WatchFormatError && !error.message.includes('secret'),
      line,
    )
})

test('watches last four to five minutes', () => {
  assert.equal(
    watchSeconds(() => 0),
    240,
  )
  assert.equal(
    watchSeconds(() => 0.999),
    299,
  )
})
