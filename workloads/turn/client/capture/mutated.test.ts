// Captures that were tampered with: read to their end, or refused in words, with little of them held at a time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  inPieces,
  ipv6,
  pcap,
  pcapng,
  tcpPacket,
  tcpSegment,
  udpDatagram,
  udpPacket,
} from '../../../../test/support/captures.ts'
import { buildMessage } from '../../stun/build.ts'
import { buildChannelData } from '../../stun/channel-data.ts'
import { classes, methods } from '../../stun/types.ts'
import { lifetime } from '../../stun/values.ts'
import { decodeCapture } from '../decode.ts'
import { CaptureError, maxLength } from './bytes.ts'

const stun = buildMessage({
  method: methods.allocate,
  class: classes.request,
  transactionId: Buffer.alloc(12),
  attributes: [lifetime(600)],
})
const data = buildChannelData(0x4001, Buffer.from('hello'), true)

const ngFile = (little: boolean): Buffer => {
  const { section, interface: described, packet, simplePacket, obsoletePacket, block, option } = pcapng(little)
  return Buffer.concat([
    section(),
    described(101, 0, option(9, Buffer.of(6))),
    packet(0, 1n, udpPacket(stun)),
    simplePacket(tcpPacket(1, data)),
    block(5, Buffer.alloc(8)),
    obsoletePacket(0, 2n, ipv6(6, tcpSegment(9, stun), [[0, Buffer.alloc(8)]])),
  ])
}
const files = [
  pcap([udpPacket(stun), tcpPacket(1, stun), tcpPacket(100, data)]),
  pcap([ipv6(17, udpDatagram(data), [[44, Buffer.alloc(8)]])], { little: false, nanoseconds: true }),
  ngFile(true),
  ngFile(false),
]

/** A file with some bytes changed, and perhaps cut off, or with a piece of it again in the middle. */
const mutated = fc
  .record({
    file: fc.constantFrom(...files),
    changes: fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255))), {
      maxLength: 6,
    }),
    again: fc.option(fc.tuple(fc.nat(), fc.nat(), fc.nat())),
    keep: fc.option(fc.nat()),
    pieces: fc.integer({ min: 1, max: 64 }),
  })
  .map(({ file, changes, again, keep, pieces }) => {
    const bytes = Buffer.from(file)
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    const [from, to, into] = (again ?? [0, 0, 0]).map((at) => at % (bytes.length + 1))
    const longer = Buffer.concat([bytes.subarray(0, into), bytes.subarray(from, to), bytes.subarray(into)])
    return { bytes: longer.subarray(0, keep === null ? longer.length : keep % (longer.length + 1)), pieces }
  })

const decode = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
  try {
    for await (const line of decodeCapture(chunks, () => undefined)) assert.ok(line.length < 10_000)
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
  }
}

test('no capture does harm', async () => {
  await fc.assert(
    fc.asyncProperty(mutated, ({ bytes, pieces }) => decode(inPieces(bytes, pieces))),
    { numRuns: 5000 },
  )
})

/** Never ends; `drawn` is how much was asked for. */
const endless = (start: Buffer) => {
  const source = { drawn: 0, chunks }
  async function* chunks(): AsyncGenerator<Buffer> {
    yield start
    for (const zeros = Buffer.alloc(1 << 20); ; source.drawn += zeros.length) yield zeros
  }
  return source
}

test('a length of gigabytes is not waited for', async () => {
  const huge = pcap([udpPacket(stun)]).subarray(0, 40)
  huge.writeUInt32LE(0xf0000000, 24 + 8)
  const { section, interface: described, packet } = pcapng(true)
  const block = packet(0, 0n, udpPacket(stun)).subarray(0, 8)
  block.writeUInt32LE(0xf0000000, 4)
  for (const start of [huge, Buffer.concat([section(), described(101), block])]) {
    const source = endless(start)
    await decode(source.chunks())
    assert.ok(source.drawn <= maxLength + (1 << 20), `${source.drawn} bytes were read`)
  }
})
