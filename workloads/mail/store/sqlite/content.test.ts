import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerLength } from './content.ts'

const cases: [string, string, string][] = [
  ['CRLF', 'From: a\r\nTo: b\r\n\r\nbody\r\n\r\nmore', 'From: a\r\nTo: b\r\n\r\n'],
  ['bare LF', 'From: a\n\nbody\r\n\r\nmore', 'From: a\n\n'],
  ['bare LF after the header', 'From: a\r\n\r\nbody\n\nmore', 'From: a\r\n\r\n'],
  ['no body', 'From: a\r\n', 'From: a\r\n'],
  ['no header', '\r\nbody', '\r\n'],
  ['no header, bare LF', '\nbody', '\n'],
  ['nothing', '', ''],
]

for (const [name, message, header] of cases)
  test(`header of a message: ${name}`, () => {
    assert.equal(message.slice(0, headerLength(Buffer.from(message))), header)
  })
