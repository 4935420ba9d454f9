import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import { parseFetchItems, type SectionItem } from './items.ts'

const parse = (text: string) => parseFetchItems(new Cursor([text]))
const section = (text: string) => parse(text)[0] as SectionItem

test('macros stand for their attributes', () => {
  assert.deepEqual(
    parse('ALL').map(({ kind }) => kind),
    ['flags', 'internaldate', 'size', 'envelope'],
  )
  assert.deepEqual(
    parse('(UID FLAGS UID)').map(({ kind }) => kind),
    ['uid', 'flags'],
  )
})

test('sections with their labels', () => {
  assert.deepEqual(section('BODY.PEEK[HEADER.FIELDS (From X-A)]').label, 'BODY[HEADER.FIELDS (From X-A)]')
  assert.deepEqual(section('body[1.2.mime]<5.10>'), {
    kind: 'section',
    label: 'BODY[1.2.MIME]<5>',
    section: { part: [1, 2], what: 'mime' },
    partial: { offset: 5, length: 10 },
    peek: false,
  })
  assert.equal(section('BODY[]').label, 'BODY[]')
  assert.equal(section('RFC822.HEADER').peek, true)
  assert.equal(section('RFC822').peek, false)
})

test('only known attributes are taken', () => {
  for (const text of ['', '()', 'X-GM-MSGID', 'BODY[', 'BODY[FOO]', 'BODY[MIME]', 'BODY[0]', 'BODY[1.]', 'BODY[]<1.0>'])
    assert.throws(() => parse(text), SyntaxProblem, text)
  assert.throws(() => section('BODY[HEADER.FIELDS ()]'), SyntaxProblem)
})

test('every section that can be written is read', () => {
  const part = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(part, fc.constantFrom('', 'HEADER', 'TEXT', 'MIME'), (numbers, text) => {
      const item = section(`BODY.PEEK[${[...numbers, text].filter((word) => word !== '').join('.')}]`)
      assert.deepEqual(item.section.part, numbers)
      assert.equal(item.section.what, text === '' ? 'all' : text.toLowerCase())
    }),
  )
})
