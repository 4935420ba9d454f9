// Which peers are refused, in every form that an address can hide in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deniedPrefixes } from './denied-prefixes.ts'
import { type PortRange, peerPolicy, portAllowed, type Verdict } from './policy.ts'

const relayPorts = { min: 49152, max: 65535 }
type Options = { allow?: string[]; deny?: string[]; own?: string[]; nat64?: string[] }
const policy = ({ deny = [], ...options }: Options = {}) =>
  peerPolicy({ allow: [], own: [], relayPorts, ...options, deny: deny.map((prefix) => [prefix, 'configured']) })

/** True when nothing is relayed to the address. */
const refused = (verdict: Verdict): boolean => typeof verdict === 'string'

const denied = [
  '0.0.0.0',
  '0.1.2.3',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.255',
  '169.254.169.254',
  '172.16.0.1',
  '192.0.0.1',
  '192.168.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '168.63.129.16',
] as const
const deniedIpv6 = [
  '::',
  '::1',
  'fe80::1',
  'fec0::1',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '100::1',
  '2001:db8::1',
  '2001::1',
  '2002::1',
  '64:ff9b:1::1',
  '3ffe::1',
] as const

const hex = (ipv4: string): string => {
  const [a, b, c, d] = ipv4.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return `${a}${b}:${c}${d}`
}
const forms: readonly [name: string, embed: (ipv4: string) => string][] = [
  ['mapped', (ipv4) => `::ffff:${ipv4}`],
  ['compatible', (ipv4) => `::${ipv4}`],
  ['NAT64', (ipv4) => `64:ff9b::${ipv4}`],
  ['local NAT64', (ipv4) => `64:ff9b:1::${ipv4}`],
  ['6to4', (ipv4) => `2002:${hex(ipv4)}::1`],
  ['Teredo server', (ipv4) => `2001:0:${hex(ipv4)}::1`],
]

test('denied addresses are denied in every form', () => {
  const judge = policy()
  for (const address of [...denied, ...deniedIpv6]) assert.ok(refused(judge(address)), address)
  for (const [name, embed] of forms)
    for (const address of denied) assert.ok(refused(judge(embed(address))), `${name} ${address}`)
})

test('a tunnel that is allowed still does not lead to what is denied', () => {
  const judge = policy({ allow: ['2002::/16', '2001::/32', '64:ff9b:1::/48'] })
  for (const [name, embed] of forms)
    for (const address of denied)
      if (address !== '0.0.0.0') assert.ok(refused(judge(embed(address))), `${name} ${address}`)
  assert.ok(!refused(judge(`2002:${hex('8.8.8.8')}::1`)))
  assert.ok(!refused(judge('64:ff9b:1::8.8.8.8')))
  // The client's address in Teredo has every bit turned: 127.0.0.1 is 80ff:fffe.
  assert.equal(judge('2001:0:808:808:0:0:80ff:fffe'), 'loopback')
})

test('public peers are reached at unprivileged ports only', () => {
  for (const address of ['8.8.8.8', '172.32.0.1', '2a01:4f8::1', '64:ff9b::8.8.8.8']) {
    const ports = policy()(address)
    assert.ok(!refused(ports), address)
    assert.deepEqual(
      [0, 53, 1023, 1024, 65535].map((port) => portAllowed(ports as PortRange, port)),
      [false, false, false, true, true],
    )
  }
})

test('what is allowed overrides the lists, ports too, but never port 0', () => {
  const judge = policy({ allow: ['127.0.0.0/8', '::1/128'], deny: ['127.0.0.1'] })
  for (const address of ['127.0.0.1', '::1']) assert.deepEqual(judge(address), { min: 1, max: 65535 })
  assert.deepEqual(judge('::ffff:127.0.0.1'), { min: 1024, max: 65535 })
})

test('own addresses are reached in the relay range only, although they are denied elsewhere', () => {
  const judge = policy({ own: ['203.0.113.7', '8.8.4.4'], deny: ['8.8.4.0/24'] })
  for (const address of ['203.0.113.7', '8.8.4.4']) assert.deepEqual(judge(address), relayPorts)
  assert.deepEqual(judge('64:ff9b::8.8.4.4'), relayPorts)
  assert.equal(judge('8.8.4.5'), 'configured')
})

test('the configured list adds to the built-in one', () => {
  assert.ok(!refused(policy()('9.9.9.9')))
  assert.equal(policy({ deny: ['9.9.0.0/16'] })('9.9.9.9'), 'configured')
  assert.equal(policy({ deny: ['9.9.0.0/16'] })('64:ff9b::9.9.9.9'), 'configured')
  assert.equal(policy({ deny: ['2a01::/16'] })('2a01::1'), 'configured')
})

test('every built-in prefix refuses its own first address', () => {
  const judge = policy()
  for (const [prefix, group, what] of deniedPrefixes)
    if (prefix !== '0.0.0.0/8') assert.equal(judge(prefix.split('/')[0]!), group, what)
})

test("a network's own NAT64 prefix does not lead to what is denied, whatever its length", () => {
  const forms = {
    '2a01:db8::/32': '2a01:db8:a00:1::',
    '2a01:db8:100::/40': '2a01:db8:10a:0:1::',
    '2a01:db8:122::/48': '2a01:db8:122:a00:0:100::',
    '2a01:db8:122:300::/56': '2a01:db8:122:30a:0:1::',
    '2a01:db8:122:344::/64': '2a01:db8:122:344:a:0:100:0',
    '2a01:db8:122:344::/96': '2a01:db8:122:344::10.0.0.1',
  }
  for (const [prefix, address] of Object.entries(forms)) {
    assert.ok(!refused(policy()(address)), `${address} is an ordinary address elsewhere`)
    assert.equal(policy({ nat64: [prefix] })(address), 'private', prefix)
  }
})

test('the longest prefix says what is counted', () => {
  const judge = policy({ deny: ['10.1.0.0/16', '10.0.0.0/8'] })
  assert.equal(judge('10.1.2.3'), 'configured')
  assert.equal(judge('10.2.2.3'), 'private')
  assert.equal(judge('169.254.169.254'), 'metadata')
})
