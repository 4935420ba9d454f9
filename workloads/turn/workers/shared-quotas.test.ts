// Quotas in shared memory count as those of one thread do.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { Quotas } from '../allocations/quotas.ts'
import { newSharedCounts, SharedQuotas } from './shared-quotas.ts'

const limits = { allocations: 6, allocationsPerCredential: 3, allocationsPerIP: 4 }
const holder = fc.record({
  username: fc.constantFrom('1795548186', '1795548187', '1795548188'),
  source: fc.constantFrom('192.0.2.1', '192.0.2.2'),
})

test('two threads together allow what one would, whoever of them is asked', () => {
  const step = fc.record({
    holder,
    thread: fc.nat(1),
    back: fc.boolean(),
    count: fc.constantFrom(1 as const, 2 as const),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const one = new Quotas(limits)
      const counts = newSharedCounts(Buffer.alloc(32, 1))
      const threads = [new SharedQuotas(limits, counts), new SharedQuotas(limits, counts)] as const
      const held: (typeof steps)[number]['holder'][] = []
      for (const { holder: who, thread, back, count } of steps) {
        const given = back ? held.pop() : undefined
        if (given) for (const quotas of [one, threads[thread as 0 | 1]]) quotas.giveBack(given)
        const allowed = one.allows(who, count)
        assert.equal(threads[thread as 0 | 1].allows(who, count), allowed)
        if (!allowed) continue
        for (const quotas of [one, threads[thread as 0 | 1]]) quotas.take(who)
        held.push(who)
      }
    }),
    { numRuns: 100 },
  )
})

test('names are found by a key of the process, so that nobody can choose whose counter to fill', () => {
  const places = (key: Uint8Array) => {
    const counts = newSharedCounts(key)
    new SharedQuotas(limits, counts).take({ username: '1', source: '192.0.2.1' })
    return [...new Int32Array(counts.memory).entries()].filter(([, value]) => value > 0).join()
  }
  assert.notEqual(places(randomBytes(32)), places(randomBytes(32)))
})
