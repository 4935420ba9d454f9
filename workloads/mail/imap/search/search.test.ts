// Search keys on messages that are made to be slow to judge: each of these took minutes once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Readable } from '../fetch/section.ts'
import { Cursor, SyntaxProblem } from '../syntax/cursor.ts'
import { parseSearchKeys } from './keys.ts'
import { matcher } from './match.ts'
import { headerText } from './text.ts'

const matches = (keys: string, content: string): boolean => {
  const message = { uid: 1, flags: [], modseq: 1, size: content.length, receivedAt: 0, header: null }
  const readable = new Readable({ ...message, content: Buffer.from(content, 'latin1') })
  return matcher(parseSearchKeys(new Cursor([keys])), { sequence: 1, uid: 1 })({ readable, sequence: 1 })
}

const long = 1_000_000

test('a long run of blanks in an encoded word', () => {
  assert.equal(headerText(`=?utf-8?q?${'_'.repeat(long)}x?=`).trim(), 'x')
})

test('soft line breaks and the blanks before them go (RFC 2045 section 6.7)', () => {
  const header = 'Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
  assert.ok(matches('BODY "oneline"', `${header}one \t=\r\nli=6Ee`))
})

test('a Date field of open comments', () => {
  assert.equal(matches('SENTSINCE 1-Jan-2020', `Date: ${'('.repeat(long)}\r\n\r\n`), false)
  assert.equal(matches('SENTSINCE 1-Jan-2020', 'Date: Wed (a day), 18 Nov 2026 10:02:29 +0000\r\n\r\n'), true)
})

test('many keys over the content are refused', () => {
  const keys = (count: number) => Array.from({ length: count }, () => 'BODY x').join(' ')
  assert.ok(matches(keys(16), 'Subject: y\r\n\r\nx'))
  assert.throws(() => matches(keys(17), 'Subject: y\r\n\r\nx'), SyntaxProblem)
})
