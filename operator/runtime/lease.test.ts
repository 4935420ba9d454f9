import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { acquired, decide, type Lease, type LeaseSpec, observe, released, renewed } from './lease.ts'
import { microTime } from './micro-time.ts'

const lease = (spec: LeaseSpec, resourceVersion = '1'): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'leader', namespace: 'ns', resourceVersion },
  spec,
})

const start = Date.UTC(2026, 0, 1)

test('times have six fractional digits', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(8e12) }), (date) => {
      assert.match(microTime(date.getTime()), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      assert.equal(Date.parse(microTime(date.getTime())), date.getTime())
    }),
  )
})

test('a lease that somebody holds is left to them until it has not changed for its whole duration', () => {
  const theirs = lease(acquired({}, 'them', 15_000, start))
  const seen = observe(theirs, undefined, 100)
  assert.equal(decide(theirs, 'us', seen, 100, 15_000), 'held')
  assert.equal(decide(theirs, 'us', seen, 15_100, 15_000), 'held')
  assert.equal(decide(theirs, 'us', seen, 15_101, 15_000), 'acquire')
  assert.equal(decide(theirs, 'them', seen, 99_999, 15_000), 'renew')
})

test('a renewal starts the time anew; another change of the object does not', () => {
  const first = acquired({}, 'them', 15_000, start)
  const seen = observe(lease(first), undefined, 0)
  assert.equal(observe(lease(first, '2'), seen, 9000).since, 0)
  assert.equal(observe(lease(renewed(first, 15_000, start + 1)), seen, 9000).since, 9000)
})

test('the clocks of others do not matter', () => {
  const longAgo = lease(acquired({}, 'them', 15_000, 0))
  const inTheFuture = lease(acquired({}, 'them', 15_000, 4e12))
  for (const theirs of [longAgo, inTheFuture])
    assert.equal(decide(theirs, 'us', observe(theirs, undefined, 0), 1, 15_000), 'held')
})

test('a lease that was released is free at once', () => {
  const free = lease(released(acquired({}, 'them', 15_000, start), start))
  assert.equal(decide(free, 'us', observe(free, undefined, 0), 0, 15_000), 'acquire')
  assert.equal(free.spec?.holderIdentity, '')
})

test('each change of the holder is counted', () => {
  const first = acquired({}, 'a', 15_000, start)
  assert.equal(first.leaseTransitions, 0)
  const second = acquired(released(renewed(first, 15_000, start), start), 'b', 15_000, start)
  assert.equal(second.leaseTransitions, 1)
  assert.equal(second.leaseDurationSeconds, 15)
})
