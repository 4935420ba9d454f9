import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs, countFailure } from './backoff.ts'

test('each end in a row doubles the wait, up to half a minute', () => {
  assert.deepEqual([1, 2, 3, 4, 7, 8, 100].map(backoffMs), [250, 500, 1000, 2000, 16000, 30000, 30000])
})

test('a process that ran for a minute begins anew', () => {
  assert.equal(countFailure(5, 1000), 6)
  assert.equal(countFailure(5, 60_000), 1)
})
