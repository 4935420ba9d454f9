import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Cursor, SyntaxProblem } from './cursor.ts'

const cursor = (text: string, ...literals: Buffer[]) => new Cursor(text.split('␤'), literals)

test('an astring is an atom, a quoted string or a literal', () => {
  assert.equal(cursor('INBOX').astring(), 'INBOX')
  assert.equal(cursor('a]b rest').astring(), 'a]b')
  assert.equal(cursor('"a \\"b\\\\c"').astring(), 'a "b\\c')
  assert.equal(cursor('""').astring(), '')
  assert.equal(cursor('␤ x', Buffer.from('a "b\r\n')).astring(), 'a "b\r\n')
})

test('UTF-8 is read in strings, whichever form they have', () => {
  assert.equal(cursor(Buffer.from('"Grüße"').toString('latin1')).astring(), 'Grüße')
  assert.equal(cursor('␤', Buffer.from('Grüße')).astring(), 'Grüße')
})

test('what breaks the grammar is said without repeating it', () => {
  for (const text of ['"open', '(', '{', '%', '', '"a\\b"'])
    assert.throws(
      () => cursor(text).astring(),
      (error: Error) => error instanceof SyntaxProblem && !error.message.includes(text || '\0'),
    )
  assert.throws(() => cursor('4294967296').number(), SyntaxProblem)
  assert.throws(() => cursor('x').nstring(), SyntaxProblem)
  assert.throws(() => cursor('(a b').list((each) => each.atom()), SyntaxProblem)
  assert.throws(() => cursor('a b').end(), SyntaxProblem)
})

test('lists hold items between single spaces', () => {
  assert.deepEqual(
    cursor('(a b c)').list((each) => each.atom()),
    ['a', 'b', 'c'],
  )
  assert.deepEqual(
    cursor('()').list((each) => each.atom()),
    [],
  )
})

test('a quoted string gives back any text of 7-bit characters', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\x01-\x09\x0b\x0c\x0e-\x7f]*$/), (text) => {
      const quoted = `"${text.replace(/["\\]/g, '\\$&')}"`
      const read = cursor(quoted)
      assert.equal(read.astring(), text)
      assert.ok(read.atEnd)
    }),
  )
})

test('any input is read or refused, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom('astring', 'nstring', 'number', 'atom'), (bytes, how) => {
      const read = cursor(Buffer.from(bytes).toString('latin1'))
      try {
        read[how as 'astring']()
      } catch (error) {
        assert.ok(error instanceof SyntaxProblem)
      }
    }),
  )
})
