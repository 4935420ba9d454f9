import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { apiServerMissing } from '../../support/api-server.ts'
import { OperatorBed } from '../../support/operator/bed.ts'

const skip = apiServerMissing()
let bed: OperatorBed
before(async () => {
  if (!skip) bed = await OperatorBed.start()
})
after(() => bed?.stop())

test('five lines become a server that is ready, and one line tells so', { skip }, async () => {
  await bed.operate()
  await bed.apply('chat', { domain: 'chat.example.org' })
  await bed.balance('chat-mail', '203.0.113.50')
  await bed.until('chat', 'Ready', 'True')
  const line = await bed.api.kubectl(['get', 'chatmailserver', 'chat', '--no-headers'])
  assert.match(line, /^chat +chat\.example\.org +True +True +True +True /)
})
