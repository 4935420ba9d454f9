import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withoutRevealingFields } from './hygiene.ts'

const clean = (text: string): string => withoutRevealingFields(Buffer.from(text)).toString()

test('a message without such fields is not copied', () => {
  const message = Buffer.from('From: a@b\r\nMessage-ID: <x@y>\r\n\r\nReceived: in the body\r\n')
  assert.equal(withoutRevealingFields(message), message)
})

test('the fields go with their folded lines, first, last and in between', () => {
  const received = 'Received: from x\r\n\tby y\r\n  for z\r\n'
  assert.equal(
    clean(`${received}From: a\r\n${received}To: b\r\nX-Mailer: c\r\n\r\nbody`),
    'From: a\r\nTo: b\r\n\r\nbody',
  )
  assert.equal(clean('user-agent: x\nFrom: a\n\nbody'), 'From: a\n\nbody')
  assert.equal(clean('X-Originating-IP: [192.0.2.1]'), '')
})

test('what is no such field stays, in its order', () => {
  const name = fc.constantFrom('From', 'Received', 'X-Received', 'Subject', 'User-Agent', 'X-Mailer', 'Received-SPF')
  fc.assert(
    fc.property(fc.array(name), fc.string(), (names, body) => {
      const line = (field: string, index: number): string => `${field}: ${index}\r\n folded\r\n`
      const revealing = new Set(['Received', 'User-Agent', 'X-Mailer'])
      const kept = names.map(line).filter((_, index) => !revealing.has(names[index]!))
      assert.equal(clean(`${names.map(line).join('')}\r\n${body}`), `${kept.join('')}\r\n${body}`)
    }),
  )
})
