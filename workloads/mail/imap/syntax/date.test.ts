import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Cursor, SyntaxProblem } from './cursor.ts'
import { formatDateTime, parseDate, parseDateTime } from './date.ts'

test('dates with and without quotes', () => {
  assert.equal(parseDate(new Cursor(['1-Feb-1994'])), Date.UTC(1994, 1, 1))
  assert.equal(parseDate(new Cursor(['"01-feb-1994"'])), Date.UTC(1994, 1, 1))
})

test('a date-time in its zone', () => {
  assert.equal(parseDateTime(new Cursor(['" 7-Feb-1994 21:52:25 -0800"'])), Date.UTC(1994, 1, 8, 5, 52, 25))
})

test('days that do not exist are refused', () => {
  for (const text of ['31-Feb-2020', '1-Foo-2020', '2020-01-01', '0-Jan-2020'])
    assert.throws(() => parseDate(new Cursor([text])), SyntaxProblem, text)
  assert.throws(() => parseDateTime(new Cursor(['"01-Jan-2020 25:00:00 +0000"'])), SyntaxProblem)
})

test('a formatted instant reads as itself, to the second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      assert.equal(parseDateTime(new Cursor([`"${formatDateTime(seconds * 1000)}"`])), seconds * 1000)
    }),
  )
})
