// Which addresses are bound and told on machines of several kinds.
import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { testTurnConfig } from '../../../test/support/turn-process.ts'
import type { TurnConfig } from '../../contract/turn-config.ts'
import { serverAddresses } from './machine.ts'

const address = (text: string, more: Partial<NetworkInterfaceInfo> = {}) =>
  ({ address: text, family: text.includes(':') ? 'IPv6' : 'IPv4', internal: false, scopeid: 0, ...more }) as never

const loopback = [address('127.0.0.1', { internal: true }), address('::1', { internal: true })]
const twoHomed = {
  lo: loopback,
  eth0: [address('10.0.0.5'), address('fe80::1', { scopeid: 2 } as never)],
  eth1: [address('203.0.113.7'), address('2a01:4f8::7')],
}

const config = (relay: Partial<TurnConfig['relay']>, addresses = ['0.0.0.0', '::']): TurnConfig => {
  const base = testTurnConfig(3478, 9000)
  const none = { ipv4: null, ipv6: null, publicIpv4: null, publicIpv6: null }
  return { ...base, listen: { ...base.listen, addresses }, relay: { ...base.relay, ...none, ...relay } }
}

test("the machine's own address is found at start; one of a cloud's 1:1 NAT is told instead", () => {
  const found = serverAddresses(config({ ipv4: 'machine', ipv6: 'machine', publicIpv4: '198.51.100.9' }), twoHomed)
  assert.deepEqual(found.relay, { 4: '10.0.0.5', 6: '2a01:4f8::7' })
  assert.deepEqual(found.told, { 4: '198.51.100.9', 6: '2a01:4f8::7' })
  assert.deepEqual(found.listen, ['0.0.0.0', '::'])
})

test("a wildcard becomes the public address where that is this machine's, for listeners too", () => {
  const found = serverAddresses(config({ ipv4: '0.0.0.0', publicIpv4: '203.0.113.7' }), twoHomed)
  assert.equal(found.relay[4], '203.0.113.7')
  assert.deepEqual(found.listen, ['203.0.113.7', '::'])
  assert.equal(serverAddresses(config({ ipv4: '0.0.0.0', publicIpv4: '198.51.100.9' }), twoHomed).relay[4], '0.0.0.0')
})

test('a family without an address is off, and a machine without any cannot start', () => {
  const ipv4Only = { lo: loopback, eth0: [address('10.0.0.5'), address('fe80::1', { scopeid: 2 } as never)] }
  assert.deepEqual(serverAddresses(config({ ipv4: 'machine', ipv6: 'machine' }), ipv4Only).told, {
    4: '10.0.0.5',
    6: null,
  })
  assert.throws(() => serverAddresses(config({ ipv4: 'machine' }), { lo: loopback }), /no address besides loopback/)
})
