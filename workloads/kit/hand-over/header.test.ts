// What names the client of a connection that is handed over.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressText } from '../address/text.ts'
import { type HandedOver, handOverHeader, readHandOver } from './header.ts'

const [key, other, now] = ['k'.repeat(44), 'o'.repeat(44), 1_800_000_000]

const client: fc.Arbitrary<HandedOver> = fc.record(
  {
    address: fc
      .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
      .map(addressText)
      .filter((address) => !address.startsWith('::ffff:')),
    port: fc.integer({ min: 1, max: 65535 }),
    secure: fc.boolean(),
  },
  { noNullPrototype: true },
)

test('every client is read as it was written, whatever follows', () => {
  fc.assert(
    fc.property(client, fc.uint8Array(), (each, rest) => {
      const header = handOverHeader(each, key, now)
      const read = readHandOver(Buffer.concat([header, rest]), [other, key], now + 300)
      assert.deepEqual(read, { client: each, length: header.length })
    }),
  )
})

test('an IPv4 client of a socket of both families is one of IPv4', () => {
  const header = handOverHeader({ address: '::ffff:192.0.2.7', port: 4000, secure: true }, key, now)
  const read = readHandOver(header, [key], now)
  assert.ok(typeof read === 'object')
  assert.equal(read.client.address, '192.0.2.7')
})

test('a part of a header waits for the rest', () => {
  fc.assert(
    fc.property(client, fc.nat(200), (each, cut) => {
      const header = handOverHeader(each, key, now)
      assert.equal(readHandOver(header.subarray(0, cut % header.length), [key], now), 'more')
    }),
  )
})

test('another key, another time and a changed bit are refused', () => {
  const header = handOverHeader({ address: '2001:db8::7', port: 4000, secure: false }, key, now)
  assert.equal(readHandOver(header, [other], now), 'refused')
  assert.equal(readHandOver(header, [], now), 'refused')
  assert.equal(readHandOver(header, [key], now + 301), 'refused')
  assert.equal(readHandOver(header, [key], now - 301), 'refused')
  for (let bit = 0; bit < header.length * 8; bit++) {
    const changed = Buffer.from(header)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    assert.notEqual(typeof readHandOver(changed, [key], now), 'object', `bit ${bit}`)
  }
})

test('whatever comes, it is judged within the length of a header', () => {
  const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const read = readHandOver(Buffer.concat([signature, bytes]), [key], now)
      assert.notEqual(typeof read, 'object')
      if (bytes.length >= 256) assert.equal(read, 'refused')
    }),
    { numRuns: 2000 },
  )
})
