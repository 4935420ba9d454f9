// Messages on a stream, however it is cut.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { buildMessage } from './build.ts'
import { buildChannelData } from './channel-data.ts'
import { MessageStream } from './stream.ts'
import { classes, methods } from './types.ts'

const stun = (length: number): Buffer =>
  buildMessage({
    method: methods.send,
    class: classes.indication,
    transactionId: Buffer.alloc(12, 1),
    attributes: [{ type: 0x0013, value: Buffer.alloc(length, 2) }],
  })

const message = fc.oneof(
  fc.nat(2000).map(stun),
  fc
    .tuple(fc.integer({ min: 0x4000, max: 0x7ffe }), fc.uint8Array({ maxLength: 2000 }))
    .map(([channel, data]) => buildChannelData(channel, Buffer.from(data), true)),
)

test('any cut of any messages gives the same messages', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 500 })), (messages, cuts) => {
      const all = Buffer.concat(messages)
      const stream = new MessageStream()
      const got: Buffer[] = []
      for (let at = 0, cut = 0; at < all.length; cut++) {
        const end = at + (cuts[cut] ?? all.length)
        got.push(...stream.take(all.subarray(at, end)))
        at = end
      }
      assert.deepEqual(got, messages)
      assert.equal(stream.pending, 0)
    }),
  )
})

test('what is no TURN ends the stream, and nothing after it is read', () => {
  for (const [bytes, failure] of [
    [Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1]), 'length'],
    [Buffer.from([0xff, 0, 0, 0]), 'type'],
    [Buffer.from([0, 1, 0, 0, 1, 2, 3, 4]), 'cookie'],
    [Buffer.from([0, 1, 0, 3]), 'length'],
  ] as const) {
    const stream = new MessageStream()
    assert.deepEqual([...stream.take(bytes)], [])
    assert.equal(stream.failure, failure)
    assert.deepEqual([...stream.take(stun(4))], [])
  }
})
