// Reading what the system says of full receive buffers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { receiveDrops } from './receive-drops.ts'

const table = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  123: 0100007F:0D96 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5120 2 00000000a1b2c3d4 17
  124: 0100007F:C001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5121 2 00000000a1b2c3d5 4
`
const table6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  125: 00000000000000000000000000000000:0D96 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5122 2 00000000a1b2c3d6 5
`

test('drops of every socket on the port are summed up, of both families', () => {
  assert.equal(receiveDrops([table, table6], 0x0d96), 22)
  assert.equal(receiveDrops([table, ''], 0xc001), 4)
  assert.equal(receiveDrops(['', ''], 3478), 0)
})
