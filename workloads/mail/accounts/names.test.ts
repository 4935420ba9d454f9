import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accountAddress, mayBeNamed } from './names.ts'

const domain = 'chat.example.org'

const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789']
const made = fc.array(fc.constantFrom(...letters), { minLength: 9, maxLength: 9 }).map((list) => list.join(''))

test('what a client makes up is always a possible name', () => {
  fc.assert(
    fc.property(made, (local) => {
      assert.equal(accountAddress(`${local.toUpperCase()}@CHAT.example.org`, domain), `${local}@${domain}`)
      assert.equal(mayBeNamed(`${local}@${domain}`), local !== 'webmaster')
    }),
  )
})

const impossible = [
  'alice',
  '@chat.example.org',
  'alice@',
  'alice@example.org',
  'alice@x.chat.example.org',
  'alice@chat.example.org.',
  'al ice@chat.example.org',
  'al+ice@chat.example.org',
  '.alice@chat.example.org',
  'alice.@chat.example.org',
  'al..ice@chat.example.org',
  'älice@chat.example.org',
  'a@b@chat.example.org',
  '"alice"@chat.example.org',
  'alice\0@chat.example.org',
  `${'a'.repeat(65)}@chat.example.org`,
]

for (const user of impossible)
  test(`no account can be ${JSON.stringify(user).slice(0, 40)}`, () => assert.equal(accountAddress(user, domain), null))

for (const local of ['ab', 'postmaster', 'admin', 'root', 'abuse', 'mailer-daemon', 'hostmaster', 'webmaster'])
  test(`nobody may take ${local}`, () => {
    const address = accountAddress(`${local}@${domain}`, domain)
    assert.ok(address !== null)
    assert.equal(mayBeNamed(address), false)
  })

test('an address literal is a domain like any other', () => {
  assert.equal(accountAddress('Alice@[203.0.113.7]', '[203.0.113.7]'), 'alice@[203.0.113.7]')
})
