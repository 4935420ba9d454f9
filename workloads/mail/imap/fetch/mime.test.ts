import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bodyStructure } from './bodystructure.ts'
import { bodyStart, filterHeader } from './header.ts'
import { findPart, type Part, parseMime } from './mime.ts'

const lines = (...each: string[]): Buffer => Buffer.from(each.join('\r\n'), 'latin1')

const nested = lines(
  'From: a@b',
  'Content-Type: multipart/mixed; boundary="out"',
  '',
  'preamble',
  '--out',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'one',
  '--out',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner',
  'Content-Type: multipart/alternative; boundary=in',
  '',
  '--in',
  '',
  'two.1',
  '--in',
  'Content-Type: text/html',
  'Content-Transfer-Encoding: base64',
  '',
  'dHdvLjI=',
  '--in--',
  '--out--  ',
  'epilogue',
  '',
)

const body = (content: Buffer, part: Part | null): string | null =>
  part && content.toString('latin1', part.body, part.end)

test('parts are found by their numbers', () => {
  const root = parseMime(nested)
  assert.equal(body(nested, findPart(root, [1])), 'one')
  assert.equal(body(nested, findPart(root, [2, 1])), 'two.1')
  assert.equal(body(nested, findPart(root, [2, 2])), 'dHdvLjI=')
  for (const numbers of [[3], [1, 1], [2, 3], [2, 1, 1]]) assert.equal(findPart(root, numbers), null)
})

test('a message that is no multipart has its body as part 1', () => {
  const content = lines('Subject: x', '', 'text', '')
  assert.equal(body(content, findPart(parseMime(content), [1])), 'text\r\n')
  assert.equal(findPart(parseMime(content), [1, 1]), null)
})

test('the structure of a nested message', () => {
  assert.equal(
    bodyStructure(nested, parseMime(nested), false),
    '(("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 3 0)' +
      '("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 167 (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL)' +
      ' (("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 5 0)("TEXT" "HTML" NIL NIL NIL "BASE64" 8 0) "ALTERNATIVE") 11)' +
      ' "MIXED")',
  )
})

test('header fields keep their order and folding', () => {
  const header = 'A: 1\r\nB: 2\r\n\tfolded\r\nC: 3\r\nb: 4\r\n\r\n'
  assert.equal(filterHeader(header, { names: new Set(['b']), not: false }), 'B: 2\r\n\tfolded\r\nb: 4\r\n\r\n')
  assert.equal(filterHeader(header, { names: new Set(['b']), not: true }), 'A: 1\r\nC: 3\r\n\r\n')
})

test('a header ends at its first empty line, or with the message', () => {
  assert.equal(bodyStart(Buffer.from('A: 1\r\n\r\nx')), 8)
  assert.equal(bodyStart(Buffer.from('A: 1\n\nx')), 6)
  assert.equal(bodyStart(Buffer.from('\r\nx')), 2)
  assert.equal(bodyStart(Buffer.from('A: 1')), 4)
})

test('nesting beyond all measure ends', () => {
  const deep = Buffer.from('Content-Type: message/rfc822\r\n\r\n'.repeat(2000))
  assert.ok(bodyStructure(deep, parseMime(deep), true).length > 0)
  const wide = Buffer.from(`Content-Type: multipart/mixed; boundary=x\r\n\r\n${'--x\r\n\r\n\r\n'.repeat(5000)}`)
  assert.ok(parseMime(wide).children.length <= 1000)
})

test('any bytes have a structure whose parts lie within them', () => {
  const chunk = fc.constantFrom('--x', '--x--', '\r\n', '\n', 'Content-Type: ', 'multipart/mixed; boundary=x', 'a', ':')
  fc.assert(
    fc.property(fc.array(fc.oneof(chunk, fc.string()), { maxLength: 30 }), (chunks) => {
      const content = Buffer.from(`Content-Type: multipart/mixed; boundary=x\r\n\r\n${chunks.join('')}`)
      const check = (part: Part, start: number, end: number): void => {
        assert.ok(start <= part.start && part.start <= part.body && part.body <= part.end && part.end <= end)
        for (const child of part.children) check(child, part.body, part.end)
      }
      check(parseMime(content), 0, content.length)
      bodyStructure(content, parseMime(content), true)
    }),
  )
})
