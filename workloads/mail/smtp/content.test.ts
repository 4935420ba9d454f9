import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { BufferBudget, IncomingContent } from './content.ts'

const mib = 1024 * 1024

test('whatever the pieces, the content is theirs in order, and all budget comes back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 12 }), (sizes) => {
      const budget = new BufferBudget(10 * mib)
      const content = new IncomingContent(4 * mib, budget)
      const pieces = sizes.map((size) => randomBytes(size))
      for (const piece of pieces) content.add(piece)
      assert.ok(content.bytes.equals(Buffer.concat(pieces)))
      assert.equal(budget.used, Math.max(0, content.received - 65_536))
      content.release()
      content.release()
      assert.equal(budget.used, 0)
    }),
    { numRuns: 40 },
  )
})

test('one piece is not copied, and never written to', () => {
  const piece = Buffer.alloc(100, 1)
  const content = new IncomingContent(mib, new BufferBudget(mib))
  content.add(piece)
  assert.equal(content.bytes.buffer, piece.buffer)
  content.add(Buffer.alloc(100, 2))
  assert.deepEqual(piece, Buffer.alloc(100, 1))
})

test('over the limit or the budget nothing is kept', () => {
  const budget = new BufferBudget(200_000)
  const large = new IncomingContent(150_000, budget)
  large.add(Buffer.alloc(150_000))
  const other = new IncomingContent(150_000, budget)
  other.add(Buffer.alloc(150_000))
  assert.equal(other.refusal, null)
  const third = new IncomingContent(150_000, budget)
  third.add(Buffer.alloc(150_000))
  assert.equal(third.refusal?.reason, 'noBuffer')
  large.add(Buffer.alloc(1))
  assert.equal(large.refusal?.reason, 'tooLarge')
  assert.equal(large.bytes.length, 0)
  other.release()
  assert.equal(budget.used, 0)
})
