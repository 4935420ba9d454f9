// Counting the sockets of relays among those of a machine.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countSockets } from './relay-sockets.ts'

const row = (address: string, port: string, inode: number): string =>
  `  12: ${address}:${port} 00000000:0000 07 00000000:00000000 00:00000000 00000000  65532        0 ${inode} 2 00000000a1b2c3d4 0`
const head =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops'

test('those of the process that are bound to a port of the range', () => {
  const udp = [head, row('0100007F', 'C001', 1), row('0100007F', 'C002', 2), row('0100007F', '0D96', 3), ''].join('\n')
  const udp6 = [head, row('00000000000000000000000001000000', 'C003', 4), ''].join('\n')
  const range = { min: 0xc000, max: 0xffff }
  assert.equal(countSockets([udp, udp6], new Set(['1', '3', '4']), range), 2)
  assert.equal(countSockets([udp, udp6], new Set(['1', '2', '3', '4']), { min: 0xc002, max: 0xc002 }), 1)
  assert.equal(countSockets(['', head], new Set(['1', '']), range), 0)
})
