import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Liveness } from './liveness.ts'

const random = (bytes: number): Buffer => Buffer.alloc(bytes, 7)

test('silence is followed by a ping, an answer by patience, none by the end', () => {
  const liveness = new Liveness(0, 0.5)
  assert.equal(liveness.next(17_400, random), null)
  const data = liveness.next(17_500, random) as Buffer
  assert.deepEqual(data, random(8))
  assert.equal(liveness.next(22_500, random), null)
  liveness.answered(data)
  assert.equal(liveness.next(22_600, random)?.length, 8)
  assert.equal(liveness.next(27_601, random), 'gone')
})

test('every frame is a sign of life, but only the right answer answers a ping', () => {
  const liveness = new Liveness(0, 0)
  liveness.heard(14_000)
  assert.equal(liveness.next(28_000, random), null)
  assert.ok(Buffer.isBuffer(liveness.next(29_000, random)))
  liveness.answered(Buffer.alloc(8, 1))
  liveness.heard(30_000)
  assert.equal(liveness.next(34_001, random), 'gone')
})

test('time in which a client could not be heard does not count', () => {
  const liveness = new Liveness(0, 0)
  liveness.next(15_000, random)
  liveness.excuse(60_000)
  assert.equal(liveness.next(64_000, random), null)
  assert.equal(liveness.next(65_001, random), 'gone')
})
