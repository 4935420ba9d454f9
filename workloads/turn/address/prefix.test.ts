// Prefixes as operators write them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBytes } from '../../kit/address/text.ts'
import { inPrefix, parsePrefix } from './prefix.ts'

test('prefixes match to the bit and within their family', () => {
  const inside = (address: string, prefix: string) => inPrefix(addressBytes(address), parsePrefix(prefix))
  assert.ok(inside('172.31.255.255', '172.16.0.0/12'))
  assert.ok(!inside('172.32.0.0', '172.16.0.0/12'))
  assert.ok(inside('8.8.8.8', '0.0.0.0/0'))
  assert.ok(!inside('::', '0.0.0.0/0'))
  assert.ok(inside('febf::1', 'fe80::/10'))
  assert.ok(!inside('fec0::1', 'fe80::/10'))
  assert.ok(inside('203.0.113.7', '203.0.113.7'))
  for (const text of ['10.0.0.0/33', 'fd00::/129', '10.0.0.0/x']) assert.throws(() => parsePrefix(text), RangeError)
})
