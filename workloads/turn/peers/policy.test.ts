// Which peers are refused, in every form that an address can hide in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deniedPrefixes } from './denied-prefixes.ts'
import { peerPolicy, portAllowed } from './policy.ts'

const relayPorts = { min: 49152, max: 65535 }
const policy = (options: { allow?: string[]; deny?: string[]; own?: string[] } = {}) =>
  peerPolicy({ allow: [], deny: [], own: [], relayPorts, ...options })

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
  for (const address of [...denied, ...deniedIpv6]) assert.equal(judge(address), null, address)
  for (const [name, embed] of forms)
    for (const address of denied) assert.equal(judge(embed(address)), null, `${name} ${address}`)
})

test('a tunnel that is allowed still does not lead to what is denied', () => {
  const judge = policy({ allow: ['2002::/16', '2001::/32', '64:ff9b:1::/48'] })
  for (const [name, embed] of forms)
    for (const address of denied)
      if (address !== '0.0.0.0') assert.equal(judge(embed(address)), null, `${name} ${address}`)
  assert.ok(judge(`2002:${hex('8.8.8.8')}::1`))
  assert.ok(judge('64:ff9b:1::8.8.8.8'))
  // The client's address in Teredo has every bit turned: 127.0.0.1 is 80ff:fffe.
  assert.equal(judge('2001:0:808:808:0:0:80ff:fffe'), null)
})

test('public peers are reached at unprivileged ports only', () => {
  for (const address of ['8.8.8.8', '172.32.0.1', '2a01:4f8::1', '64:ff9b::8.8.8.8']) {
    const ports = policy()(address)
    assert.ok(ports, address)
    assert.deepEqual(
      [0, 53, 1023, 1024, 65535].map((port) => portAllowed(ports, port)),
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
  assert.equal(judge('8.8.4.5'), null)
})

test('the configured list adds to the built-in one', () => {
  assert.ok(policy()('9.9.9.9'))
  assert.equal(policy({ deny: ['9.9.0.0/16'] })('9.9.9.9'), null)
  assert.equal(policy({ deny: ['9.9.0.0/16'] })('64:ff9b::9.9.9.9'), null)
  assert.equal(policy({ deny: ['2a01::/16'] })('2a01::1'), null)
})

test('every built-in prefix refuses its own first address', () => {
  const judge = policy()
  for (const [prefix, what] of deniedPrefixes) assert.equal(judge(prefix.split('/')[0]!), null, what)
})
