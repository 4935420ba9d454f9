// What is printed of messages and captures.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inPieces, pcap, pcapng, tcpPacket, udpPacket } from '../../../test/support/captures.ts'
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

/** What is printed, and what is said besides. */
const decoded = async (file: Buffer | string): Promise<{ lines: string[]; notes: string[] }> => {
  const notes: string[] = []
  const lines: string[] = []
  for await (const line of decodeCapture(inPieces(Buffer.from(file)), (text) => notes.push(text))) lines.push(line)
  return { lines, notes }
}

test('hex: a line for each message, and one for each attribute', async () => {
  const hex = `# a call\n${allocate.toString('hex')}\n0x${success.toString('hex')}\n\n${refusal.toString('hex')}\n${data.toString('hex')}\nff00\n00\n`
  const { lines } = await decoded(hex)
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

test('a capture: when, from whom to whom and what', async () => {
  const where = (time: string, protocol: string) => `${time} ${protocol} 192.0.2.1:4000 → 192.0.2.2:3478 `
  const { lines, notes } = await decoded(pcap([udpPacket(allocate), udpPacket(data), tcpPacket(1, data)]))
  assert.equal(lines[0], `${where('0.000000', 'udp')}allocate request, transaction 000102030405060708090a0b`)
  assert.equal(lines.at(-2), `${where('1.000000', 'udp')}ChannelData on 0x4001: 68656c6c6f`)
  assert.equal(lines.at(-1), `${where('2.000000', 'tcp')}ChannelData on 0x4001: 68656c6c6f`)
  assert.deepEqual(notes, [])
})

test('without times there is none', async () => {
  const file = pcapng(true)
  const { lines } = await decoded(
    Buffer.concat([file.section(), file.interface(101), file.simplePacket(udpPacket(data))]),
  )
  assert.deepEqual(lines, ['- udp 192.0.2.1:4000 → 192.0.2.2:3478 ChannelData on 0x4001: 68656c6c6f'])
})

test('what was captured in part is told as that', async () => {
  const { lines } = await decoded(pcap([udpPacket(allocate), udpPacket(data)], { cut: 38 }))
  assert.match(lines[0]!, /STUN of which \d+ bytes are not in the capture$/)
  assert.match(lines[1]!, /ChannelData of which 2 bytes are not in the capture$/)
})

test('what is no capture says what is wanted', async () => {
  await assert.rejects(decoded('hello\n'), /line 1: pairs of hex digits/)
  await assert.rejects(decoded(Buffer.of(0x1f, 0x8b, 8)), /compressed: .*gunzip/)
  await assert.rejects(decoded(Buffer.of(0x7f, 0x45, 0x4c, 0x46)), /none of pcap, pcapng and hex/)
  assert.deepEqual((await decoded(pcap([]))).notes, ['no STUN and no ChannelData is in it'])
})
