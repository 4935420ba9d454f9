// Prefixes as ranges.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { turnConfig } from '../../contract/turn-config.ts'
import { noPeers } from '../../contract/turn-peers.ts'
import { addressBytes, addressText } from '../../kit/address/text.ts'
import { inPrefix, parsePrefix } from '../address/prefix.ts'
import { coturnAddresses } from './addresses.ts'
import { changingRanges, fixedRanges, rangeOf } from './peers.ts'

test('a prefix is its first and its last address; zero alone is none, because to coturn it is an open end', () => {
  assert.equal(rangeOf('10.1.2.3/8'), '10.0.0.0-10.255.255.255')
  assert.equal(rangeOf('100.64.0.0/10'), '100.64.0.0-100.127.255.255')
  assert.equal(rangeOf('203.0.113.7'), '203.0.113.7-203.0.113.7')
  assert.equal(rangeOf('fe80::/10'), 'fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
  assert.equal(rangeOf('0.0.0.0/8'), '0.0.0.1-0.255.255.255')
  assert.equal(rangeOf('::/0'), '::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
  assert.equal(rangeOf('::/128'), null)
})

test('what lies in a prefix lies between the ends of its range, and nothing else does', () => {
  const bytes = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  fc.assert(
    fc.property(bytes, fc.nat(128), fc.nat(128), (address, bits, flipped) => {
      const text = `${addressText(address)}/${bits % (address.length * 8 + 1)}`
      const other = address.map((byte, index) => (index === flipped >> 3 ? byte ^ (1 << (flipped & 7)) : byte))
      const range = rangeOf(text)
      if (range === null || [address, other].some((each) => each.every((byte) => byte === 0))) return
      const [first, last] = range.split('-').map((end) => Buffer.from(addressBytes(end)))
      for (const each of [address, other])
        assert.equal(
          Buffer.compare(first!, each) <= 0 && Buffer.compare(each, last!) <= 0,
          inPrefix(each, parsePrefix(text)),
        )
    }),
  )
})

test('own relays are allowed as they are told and as they are bound', () => {
  const config = turnConfig.parse({
    realm: 'chatmail',
    listen: { addresses: ['192.0.2.7'], port: 3478 },
    management: { port: 9641 },
    relay: { min: 50_000, max: 50_100, ipv4: '192.0.2.7', ipv6: null, publicIpv4: '203.0.113.7', publicIpv6: null },
    limits: { allocations: 1, allocationsPerCredential: 1, allocationsPerIP: 1, bandwidth: null },
    lifetime: {},
    peers: { deny: ['9.9.9.9'], allow: ['198.51.100.0/24'] },
    drain: { deadline: 1 },
  })
  const { allow, deny } = fixedRanges(config, coturnAddresses(config, {}))
  assert.deepEqual(allow, ['198.51.100.0-198.51.100.255', '203.0.113.7-203.0.113.7', '192.0.2.7-192.0.2.7'])
  for (const range of ['9.9.9.9-9.9.9.9', '10.0.0.0-10.255.255.255', '::ffff:0.0.0.0-::ffff:255.255.255.255'])
    assert.ok(deny.includes(range), range)
})

test('relays of the server are allowed, ranges of the cluster and of its translators denied', () => {
  const ranges = changingRanges({ ...noPeers, relays: ['203.0.113.8'], deny: ['9.9.9.0/24'], nat64: ['2620:fe::/96'] })
  assert.deepEqual(ranges, {
    allow: ['203.0.113.8-203.0.113.8'],
    deny: ['9.9.9.0-9.9.9.255', '2620:fe::-2620:fe::ffff:ffff'],
  })
})
