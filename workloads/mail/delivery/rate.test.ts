import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRate } from './rate.ts'

test('a burst at once, then one an interval', () => {
  const rate = createRate({ sendPerMinute: 60, sendBurst: 10 })
  const taken = (at: number, tries: number): number =>
    Array.from({ length: tries }, () => rate(1, at)).filter(Boolean).length
  assert.equal(taken(0, 50), 10)
  assert.equal(taken(999, 50), 0)
  assert.equal(taken(1000, 50), 1)
  assert.equal(taken(3500, 50), 2)
  assert.equal(taken(3600, 50), 0, 'half an interval is not one')
  assert.equal(taken(1_000_000, 50), 10, 'a pause earns no more than a burst')
})

test('in any window no more than the burst and what the window earns, and a patient sender gets every message', () => {
  const limits = fc.record({
    sendPerMinute: fc.integer({ min: 1, max: 600 }),
    sendBurst: fc.integer({ min: 1, max: 20 }),
  })
  const pauses = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(limits, pauses, (given, waits) => {
      const rate = createRate(given)
      const interval = 60_000 / given.sendPerMinute
      const times: number[] = []
      let now = 0
      for (const wait of waits) {
        now += wait
        if (rate(7, now)) times.push(now)
      }
      for (let from = 0; from < times.length; from++)
        for (let to = from; to < times.length; to++)
          assert.ok(to - from + 1 <= given.sendBurst + (times[to]! - times[from]!) / interval + 1e-6)
      assert.ok(rate(7, now + interval * given.sendBurst))
    }),
  )
})

test('senders do not share, and who has not sent for a while is forgotten without a trace', () => {
  const rate = createRate({ sendPerMinute: 60, sendBurst: 1 })
  for (let sender = 0; sender < 5000; sender++) assert.equal(rate(sender, 0), true)
  for (let sender = 0; sender < 5000; sender++) assert.equal(rate(sender, 10), false)
  for (let sender = 0; sender < 5000; sender++) assert.equal(rate(sender, 2000), true)
})
