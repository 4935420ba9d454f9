import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceOf } from './source.ts'
import { SourceBuckets } from './token-bucket.ts'

test('one IPv6 customer is one source', () => {
  assert.equal(sourceOf('2001:db8:1:2::1'), sourceOf('2001:db8:1:2:ffff::9'))
  assert.equal(sourceOf('2001:db8::1'), sourceOf('2001:db8::ffff:0:0:1'))
  assert.equal(sourceOf('fe80::1%eth0'), sourceOf('fe80::2'))
  assert.notEqual(sourceOf('2001:db8:1:2::1'), sourceOf('2001:db8:1:3::1'))
  assert.notEqual(sourceOf('192.0.2.1'), sourceOf('192.0.2.2'))
  assert.equal(sourceOf('::ffff:192.0.2.1'), sourceOf('192.0.2.1'))
})

test('each source has a burst and a rate of its own', () => {
  const buckets = new SourceBuckets({ rate: 2, burst: 3, sources: 10 })
  const taken = (address: string, now: number) => Array.from({ length: 5 }, () => buckets.take(address, now))
  assert.deepEqual(taken('192.0.2.1', 0), [true, true, true, false, false])
  assert.deepEqual(taken('192.0.2.2', 0), [true, true, true, false, false])
  assert.deepEqual(taken('192.0.2.1', 1000), [true, true, false, false, false])
})

test('a flood of sources takes no more than its share of memory', () => {
  const buckets = new SourceBuckets({ rate: 1, burst: 1, sources: 100 })
  for (let index = 0; index < 10_000; index++) buckets.take(`10.0.${index >> 8}.${index & 255}`, 0)
  assert.equal(buckets.size, 100)
})
