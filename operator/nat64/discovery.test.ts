import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNat64, discoverNat64, nat64Prefixes } from './discovery.ts'

/** RFC 6052 §2.4, with an address of `ipv4only.arpa` in place of the example's. */
const embedded: readonly [prefix: string, address: string][] = [
  ['2001:db8::/32', '2001:db8:c000:aa::'],
  ['2001:db8:100::/40', '2001:db8:1c0:0:aa::'],
  ['2001:db8:122::/48', '2001:db8:122:c000:0:aa00::'],
  ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:aa::'],
  ['2001:db8:122:344::/64', '2001:db8:122:344:c0:0:aa00:0'],
  ['2001:db8:122:344::/96', '2001:db8:122:344::c000:aa'],
  ['64:ff9b::/96', '64:ff9b::c000:ab'],
]

test('a prefix of every length is found in what the DNS tells', () => {
  for (const [prefix, address] of embedded) assert.deepEqual(nat64Prefixes([address]), [prefix])
  const prefixes = embedded.map(([prefix]) => prefix).sort()
  assert.deepEqual(nat64Prefixes(embedded.map(([, address]) => address)), prefixes)
})

test('both addresses of the name give one prefix', () => {
  const addresses = ['192.0.0.170', '192.0.0.171', '2001:db8:64::c000:aa', '2001:db8:64::c000:ab']
  assert.deepEqual(nat64Prefixes(addresses), ['2001:db8:64::/96'])
})

test('other addresses tell of no translator, and however many are told, few are taken', () => {
  assert.deepEqual(nat64Prefixes(['192.0.0.170', '2001:db8::c000:ac', '2001:db8::1', '::ffff:192.0.0.170', '']), [])
  const many = Array.from({ length: 100 }, (_, index) => `2001:db8:${index.toString(16)}::c000:aa`)
  assert.equal(nat64Prefixes(many).length, 16)
})

test('the name is asked for, and no answer is none', async () => {
  const asked: string[] = []
  const resolve = async (name: string) => {
    asked.push(name)
    return []
  }
  assert.deepEqual(await discoverNat64(resolve), [])
  assert.deepEqual(asked, ['ipv4only.arpa'])
})

test('given and found ones are each there once, in one order', () => {
  assert.deepEqual(allNat64(['b::/96', 'a::/96'], ['a::/96', '64:ff9b::/96']), ['64:ff9b::/96', 'a::/96', 'b::/96'])
})
