import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Budget, Outbox } from './outbox.ts'

const frame = (size: number, mark = 0): Buffer => Buffer.alloc(size, mark)

test('bounded in packets and bytes, the oldest datagrams go, and nothing is counted twice', () => {
  const operation = fc.oneof(
    fc.integer({ min: 1, max: 400 }).map((size) => ({ kind: 'datagram' as const, size })),
    fc.integer({ min: 1, max: 20 }).map((size) => ({ kind: 'notice' as const, size })),
    fc.integer({ min: 1, max: 900 }).map((size) => ({ kind: 'take' as const, size })),
    fc.constant({ kind: 'clear' as const, size: 0 }),
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const budget: Budget = { used: 0, limit: 1500 }
      const boxes = [new Outbox({ packets: 5, bytes: 1000 }, budget), new Outbox({ packets: 5, bytes: 1000 }, budget)]
      const waiting: Buffer[][] = [[], []]
      operations.forEach(({ kind, size }, index) => {
        const [box, model] = [boxes[index % 2]!, waiting[index % 2]!]
        if (kind === 'datagram') {
          const datagram = frame(size, index)
          model.push(datagram)
          model.splice(0, box.addDatagram(datagram))
        } else if (kind === 'notice') assert.equal(box.addNotice(frame(size)), 0)
        else if (kind === 'take') {
          const taken = box.take(size)
          const datagrams = taken.filter((item) => model.includes(item))
          assert.deepEqual(datagrams, model.splice(0, datagrams.length))
          if (taken.length > 1)
            assert.ok(taken.slice(0, -1).reduce((sum, item) => sum + item.length, 0) <= size + 20 * 80)
        } else {
          box.clear()
          model.length = 0
          assert.ok(box.isEmpty)
        }
        assert.ok(model.length <= 5)
        assert.equal(budget.used, boxes[0]!.bytes + boxes[1]!.bytes)
      })
      for (const [index, box] of boxes.entries()) {
        const rest = box.take(1_000_000).filter((item) => waiting[index]!.includes(item))
        assert.deepEqual(rest, waiting[index])
        assert.ok(box.isEmpty)
      }
      assert.equal(budget.used, 0)
    }),
  )
})

test('notices go before datagrams, and have a bound of their own', () => {
  const box = new Outbox({ packets: 2, bytes: 1000 }, { used: 0, limit: 1_000_000 })
  box.addDatagram(frame(1, 1))
  box.addNotice(frame(1, 2))
  assert.deepEqual(
    box.take(10).map(([mark]) => mark),
    [2, 1],
  )
  let dropped = 0
  for (let count = 0; count < 600; count++) dropped += box.addNotice(frame(9))
  assert.equal(dropped, 88)
  assert.equal(box.bytes, 512 * 9)
})

test('a full budget costs the one that adds, never the others', () => {
  const budget: Budget = { used: 0, limit: 100 }
  const [slow, other] = [
    new Outbox({ packets: 9, bytes: 1000 }, budget),
    new Outbox({ packets: 9, bytes: 1000 }, budget),
  ]
  assert.equal(slow.addDatagram(frame(90)), 0)
  assert.equal(other.addDatagram(frame(20)), 1)
  assert.ok(other.isEmpty)
  assert.equal(slow.bytes, 90)
})

test('at least one frame is taken, however large', () => {
  const box = new Outbox({ packets: 9, bytes: 100_000 }, { used: 0, limit: 100_000 })
  box.addDatagram(frame(5000))
  box.addDatagram(frame(5000))
  assert.equal(box.take(10).length, 1)
  assert.equal(box.take(10).length, 1)
})
