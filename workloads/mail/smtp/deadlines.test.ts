import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SubmissionConnection } from './connection.ts'
import { BufferBudget, IncomingContent } from './content.ts'
import { isOverdue } from './deadlines.ts'

type Seen = Pick<SubmissionConnection, 'activeAt' | 'incoming' | 'delivering'> & { session: { user?: unknown } }

const at = (state: Partial<Seen>): SubmissionConnection =>
  ({ activeAt: 0, incoming: null, delivering: false, session: {}, ...state }) as unknown as SubmissionConnection

const receiving = (octets: number) => {
  const content = new IncomingContent(1e9, new BufferBudget(1e9))
  content.received = octets
  return { since: 0, content }
}

test('a minute to log in, five to go on', () => {
  assert.equal(isOverdue(at({}), 60_000), false)
  assert.equal(isOverdue(at({}), 60_001), true)
  assert.equal(isOverdue(at({ session: { user: {} } }), 300_000), false)
  assert.equal(isOverdue(at({ session: { user: {} } }), 300_001), true)
})

test('a message has two minutes and what its size earns; a slow trickle is cut off', () => {
  assert.equal(isOverdue(at({ incoming: receiving(0) }), 120_000), false)
  assert.equal(isOverdue(at({ incoming: receiving(100) }), 121_000), true)
  assert.equal(isOverdue(at({ incoming: receiving(10_240_000) }), 10_000_000), false)
})

test('our own work is not on the client', () => {
  assert.equal(isOverdue(at({ delivering: true }), 1e9), false)
})
