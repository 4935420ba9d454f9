import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normalRanges } from './ranges.ts'

const uid = fc.integer({ min: 1, max: 40 })
const ranges = fc.array(fc.record({ from: uid, to: fc.oneof(uid, fc.constant(Number.POSITIVE_INFINITY)) }))

const within = (list: readonly { from: number; to: number }[], value: number) =>
  list.some(({ from, to }) => Math.min(from, to) <= value && value <= Math.max(from, to))

test('normal ranges hold the same uids, ascend and stay apart', () => {
  fc.assert(
    fc.property(ranges, (given) => {
      const normal = normalRanges(given)
      for (let value = 1; value <= 50; value++) assert.equal(within(normal, value), within(given, value))
      normal.forEach((range, index) => {
        assert.ok(range.from <= range.to && range.to <= 0xffffffff)
        if (index > 0) assert.ok(range.from > normal[index - 1]!.to + 1)
      })
    }),
  )
})
