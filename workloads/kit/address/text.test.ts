// Address text is the operating system's own.
import assert from 'node:assert/strict'
import { SocketAddress } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressBytes, addressText } from './text.ts'

/** Many zero groups, so that every form of `::` comes up. */
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.constant(1), fc.constant(0xffff), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((words) => Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff])))

const inFull = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/.{4}(?!$)/g, '$&:')

test('IPv6 is written as the system writes it and read back', () => {
  fc.assert(
    fc.property(ipv6, (bytes) => {
      const text = addressText(bytes)
      assert.equal(text, new SocketAddress({ address: inFull(bytes), family: 'ipv6' }).address)
      assert.deepEqual(addressBytes(text), bytes)
    }),
    { numRuns: 2000 },
  )
})

test('zones are left out, names are refused', () => {
  assert.deepEqual(addressBytes('fe80::1%lo'), addressBytes('fe80::1'))
  for (const text of ['example.org', '', '1.2.3', '::g']) assert.throws(() => addressBytes(text), RangeError)
})
