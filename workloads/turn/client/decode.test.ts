// What is printed of messages and captures.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attributes } from '../stun/attributes.ts'
import { buildMessage } from '../stun/build.ts'
import { buildChannelData } from '../stun/channel-data.ts'
import { errorCodes } from '../stun/error-codes.ts'
import { classes, methods } from '../stun/types.ts'
import { errorCode, lifetime, text, udpTransport } from '../stun/values.ts'
import { xorAddress } from '../stun/xor-address.ts'
import { decodeCapture } from './decode.ts'

const id = Buffer.from('000102030405060708090a0b', 'hex')
const allocate = buildMessage({
  method: methods.allocate,
  class: classes.request,
  transactionId: id,
  attributes: [
    udpTransport,
    lifetime(600),
    text(attributes.username, '1795548186'),
    { type: 0x7777, value: Buffer.of(1) },
  ],
})
const success = buildMessage({
  method: methods.allocate,
  class: classes.success,
  transactionId: id,
  attributes: [{ type: attributes.xorRelayedAddress, value: xorAddress({ address: '203.0.113.7', port: 50000 }, id) }],
})
const refusal = buildMessage({
  method: methods.refresh,
  class: classes.error,
  transactionId: id,
  attributes: [errorCode(errorCodes.staleNonce)],
})
const data = buildChannelData(0x4001, Buffer.from('hello'), true)

const ipv4 = (protocol: number, body: Buffer): Buffer => {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(20 + body.length, 2)
  header[9] = protocol
  header.set([192, 0, 2, 1, 192, 0, 2, 2], 12)
  return Buffer.concat([header, body])
}
const udp = (payload: Buffer): Buffer => {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(4000, 0)
  header.writeUInt16BE(3478, 2)
  header.writeUInt16BE(8 + payload.length, 4)
  return ipv4(17, Buffer.concat([header, payload]))
}
const tcp = (payload: Buffer): Buffer => {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(4000, 0)
  header.writeUInt16BE(3478, 2)
  header[12] = 0x50
  return ipv4(6, Buffer.concat([header, payload]))
}

const pcap = (packets: readonly Buffer[], linkType: number, before: Buffer): Buffer => {
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt32LE(linkType, 20)
  return Buffer.concat([
    head,
    ...packets.map((packet, index) => {
      const frame = Buffer.concat([before, packet])
      const about = Buffer.alloc(16)
      about.writeUInt32LE(1000 + index, 0)
      about.writeUInt32LE(frame.length, 8)
      about.writeUInt32LE(frame.length, 12)
      return Buffer.concat([about, frame])
    }),
  ])
}

test('hex: a line for each message, and one for each attribute', () => {
  const hex = `# a call\n${allocate.toString('hex')}\n0x${success.toString('hex')}\n\n${refusal.toString('hex')}\n${data.toString('hex')}\nff00\n00\n`
  const lines = [...decodeCapture(Buffer.from(hex))]
  assert.deepEqual(lines, [
    'allocate request, transaction 000102030405060708090a0b',
    '    REQUESTED-TRANSPORT: UDP',
    '    LIFETIME: 600 s',
    '    USERNAME: "1795548186"',
    '    0x7777: 01',
    'allocate success, transaction 000102030405060708090a0b',
    '    XOR-RELAYED-ADDRESS: 203.0.113.7:50000',
    'refresh error, transaction 000102030405060708090a0b',
    '    ERROR-CODE: 438 staleNonce',
    'ChannelData on 0x4001: 68656c6c6f',
    'neither STUN nor ChannelData: ff00',
    'STUN that cannot be read: truncated',
  ])
})

test('pcap: Ethernet and raw IP, UDP and TCP that is cut anywhere', () => {
  const ethernet = Buffer.from('000000000000000000000000' + '0800', 'hex')
  const first = 'allocate request, transaction 000102030405060708090a0b'
  const where = (time: string, protocol: string) => `${time} ${protocol} 192.0.2.1:4000 → 192.0.2.2:3478 `
  const overUdp = [...decodeCapture(pcap([udp(allocate), udp(data)], 1, ethernet))]
  assert.equal(overUdp[0], where('0.000000', 'udp') + first)
  assert.equal(overUdp.at(-1), `${where('1.000000', 'udp')}ChannelData on 0x4001: 68656c6c6f`)
  const stream = Buffer.concat([allocate, data])
  const overTcp = [
    ...decodeCapture(pcap([tcp(stream.subarray(0, 30)), tcp(stream.subarray(30))], 101, Buffer.alloc(0))),
  ]
  assert.equal(overTcp[0], where('1.000000', 'tcp') + first)
  assert.equal(overTcp.at(-1), `${where('1.000000', 'tcp')}ChannelData on 0x4001: 68656c6c6f`)
})

test('what is no capture says what is wanted', () => {
  assert.throws(() => [...decodeCapture(Buffer.from('hello\n'))], /line 1: pairs of hex digits/)
  assert.throws(() => [...decodeCapture(Buffer.from('0a0d0d0a00000000', 'hex'))], /pcapng is not read/)
  assert.throws(() => [...decodeCapture(pcap([], 105, Buffer.alloc(0)))], /Ethernet/)
  assert.deepEqual([...decodeCapture(pcap([udp(data).subarray(0, 15)], 101, Buffer.alloc(0)))], [])
})
