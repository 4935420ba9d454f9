import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { lanAddress, listening } from './addresses.ts'

const info = (family: 'IPv4' | 'IPv6', address: string, internal = false, scopeid = 0) =>
  ({ family, address, internal, scopeid, netmask: '', mac: '', cidr: null }) as NetworkInterfaceInfo

const lo = [info('IPv4', '127.0.0.1', true), info('IPv6', '::1', true)]
const dual = { lo, eth0: [info('IPv6', 'fe80::1', false, 2), info('IPv4', '192.168.1.10'), info('IPv6', 'fd00::10')] }
const v4 = { lo: lo.slice(0, 1), eth0: [info('IPv4', '192.168.1.10')] }

test('the address of the network, else loopback', () => {
  assert.equal(lanAddress(dual), '192.168.1.10')
  assert.equal(lanAddress({ lo }), '127.0.0.1')
})

test('an own address: everything listens on every address, the relay binds that one', () => {
  const { mail, turn } = listening('192.168.1.10', dual)
  assert.equal(mail, '::')
  assert.deepEqual(turn.listen, ['0.0.0.0', '::'])
  assert.deepEqual([turn.ipv4, turn.publicIpv4, turn.ipv6], ['192.168.1.10', null, 'fd00::10'])
})

test('a loopback address keeps everything on this machine', () => {
  const { mail, turn } = listening('127.0.0.1', dual)
  assert.deepEqual([mail, turn.listen, turn.ipv4, turn.ipv6], ['127.0.0.1', ['127.0.0.1'], '127.0.0.1', null])
})

test("an address of a router in front: clients are told it, the relay binds this machine's own", () => {
  const { turn } = listening('203.0.113.7', v4)
  assert.deepEqual(
    [turn.listen, turn.ipv4, turn.publicIpv4, turn.ipv6],
    [['0.0.0.0'], '192.168.1.10', '203.0.113.7', null],
  )
})
