import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeName, storeName, superiors } from './name.ts'

test('the example of RFC 3501', () => {
  const name = '~peter/mail/台北/日本語'
  assert.equal(encodeName(name), '~peter/mail/&U,BTFw-/&ZeVnLIqe-')
  assert.equal(storeName('~peter/mail/&U,BTFw-/&ZeVnLIqe-'), name)
  assert.equal(encodeName('a&b'), 'a&-b')
})

test('INBOX is one in any case, also above others', () => {
  assert.equal(storeName('inbox'), 'INBOX')
  assert.equal(storeName('Inbox/Sub'), 'INBOX/Sub')
  assert.equal(storeName('inboxes'), 'inboxes')
})

test('what no mailbox can be called', () => {
  for (const wire of ['', '/', 'a//b', '/a', 'a/', '&', '&AAA-', '&AGE-', 'a\u0000', 'a\nb', 'x'.repeat(1001), 'ü'])
    assert.equal(storeName(wire), null, wire)
})

test('every name comes back from the wire, which is 7-bit', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (text) => {
      const name = text.replace(/[/\x00-\x1f\x7f]/g, 'x')
      fc.pre(name.toUpperCase() !== 'INBOX')
      assert.match(encodeName(name), /^[\x20-\x7e]+$/)
      assert.equal(storeName(encodeName(name)), name)
    }),
  )
})

test('mailboxes above', () => {
  assert.deepEqual(superiors('a/b/c'), ['a', 'a/b'])
  assert.deepEqual(superiors('a'), [])
})
