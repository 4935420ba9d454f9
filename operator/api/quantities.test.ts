import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, duration, durationOfDays, durationOrZero, quantity, seconds, size } from './quantities.ts'

test('durations are seconds', () => {
  assert.deepEqual(['30s', '10m', '12h', '20d', '0s'].map(seconds), [30, 600, 43200, 1728000, 0])
})

test('sizes are bytes', () => {
  assert.deepEqual(['1', '200Ki', '5Mi', '10Gi', '2Ti'].map(bytes), [1, 204800, 5242880, 10737418240, 2199023255552])
})

test('what is no duration or size is refused', () => {
  for (const text of ['', '5', 'd', '-5d', '5.5d', '5 d', '5w', '5d\n', '0d', '05d'])
    assert.equal(duration.safeParse(text).success, false, text)
  for (const text of ['', '0', '1k', '1.5Gi', '1Gib', '-1Gi']) assert.equal(size.safeParse(text).success, false, text)
  assert.equal(durationOrZero.safeParse('0s').success, true)
})

test('a credential lives at least a day', () => {
  for (const text of ['1d', '5d', '24h', '99h', '100h'])
    assert.equal(durationOfDays.safeParse(text).success, true, text)
  for (const text of ['23h', '9h', '0d', '3600s', '1440m'])
    assert.equal(durationOfDays.safeParse(text).success, false, text)
})

test('quantities of Kubernetes are the same number in every form', () => {
  for (const same of [
    ['1Gi', '1024Mi', '1048576Ki', '1073741824'],
    ['0.5', '500m', '0.500'],
    ['0.009', '9m'],
    ['1Pi', '1024Ti'],
    ['20G', '20000M'],
  ])
    assert.equal(new Set(same.map(quantity)).size, 1, same.join())
  for (let milli = 1; milli < 10_000; milli++) assert.equal(quantity(`${milli}m`), quantity((milli / 1000).toFixed(3)))
  for (const none of ['', 'x', '1.5.5', '10Zi', '-1', '1 Gi']) assert.equal(quantity(none), null)
})
