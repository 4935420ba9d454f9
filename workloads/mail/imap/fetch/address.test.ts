import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAddresses } from './address.ts'
import { envelope } from './envelope.ts'

const at = (mailbox: string | null, host: string | null, name: string | null = null) => ({ name, mailbox, host })

test('addresses in all their forms', () => {
  assert.deepEqual(parseAddresses('a@b.c'), [at('a', 'b.c')])
  assert.deepEqual(parseAddresses('"Doe, J." <j@x> (note), Ann B <@r,@s:ann@y>'), [
    at('j', 'x', 'Doe, J.'),
    at('ann', 'y', 'Ann B'),
  ])
  assert.deepEqual(parseAddresses('"quoted at"@x'), [at('quoted at', 'x')])
  assert.deepEqual(parseAddresses('j@[192.0.2.1]'), [at('j', '[192.0.2.1]')])
  assert.deepEqual(parseAddresses('"hidden-recipients": ;'), [at('hidden-recipients', null), at(null, null)])
  assert.deepEqual(parseAddresses('list: a@b, c@d;'), [at('list', null), at('a', 'b'), at('c', 'd'), at(null, null)])
  assert.deepEqual(parseAddresses(''), [])
})

test('any text is read without harm', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseAddresses(text)))
})

test('sender and reply-to are those of from where they are missing', () => {
  assert.equal(
    envelope(
      new Map([
        ['from', '<a@b>'],
        ['subject', 'x"y'],
      ]),
    ),
    '(NIL "x\\"y" ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL)',
  )
})
