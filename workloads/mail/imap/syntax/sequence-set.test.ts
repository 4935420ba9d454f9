import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Cursor, SyntaxProblem } from './cursor.ts'
import { formatSet, parseSequenceSet, resolveSet } from './sequence-set.ts'

const resolve = (text: string, highest: number) => resolveSet(parseSequenceSet(new Cursor([text])), highest)

test('ranges are put in order and joined', () => {
  assert.deepEqual(resolve('7,1:3,2:4,9:8', 100), [
    { from: 1, to: 4 },
    { from: 7, to: 9 },
  ])
})

test('* is the highest number, also where the range begins beyond it', () => {
  assert.deepEqual(resolve('1:*', 5), [{ from: 1, to: 5 }])
  assert.deepEqual(resolve('*:3', 5), [{ from: 3, to: 5 }])
  assert.deepEqual(resolve('10:*', 5), [{ from: 5, to: 10 }])
  assert.deepEqual(resolve('*', 5), [{ from: 5, to: 5 }])
})

test('what is no set is refused', () => {
  for (const text of ['', '0', '1:0', 'a', '1,', ',1', '1:2:3', '1::2', '4294967296', '**'])
    assert.throws(() => parseSequenceSet(new Cursor([text])), SyntaxProblem, text)
})

test('a set that was written reads as the numbers it was made of', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (numbers) => {
      const sorted = numbers.toSorted((a, b) => a - b)
      const read = resolve(formatSet(sorted), 1000).flatMap(({ from, to }) =>
        Array.from({ length: to - from + 1 }, (_, index) => from + index),
      )
      assert.deepEqual(read, sorted)
    }),
  )
})

test('UIDPLUS sets keep the order of the numbers', () => {
  assert.equal(formatSet([5, 6, 7, 3, 9, 10]), '5:7,3,9:10')
})
