// Captures of every format and link type that is read, and what is said of damaged ones.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  inPieces,
  ipv4,
  ipv6,
  pcap,
  pcapng,
  tcpPacket,
  tcpSegment,
  udpDatagram,
  udpPacket,
} from '../../../../test/support/captures.ts'
import { buildChannelData } from '../../stun/channel-data.ts'
import { type CapturedMessage, readCapture } from './capture.ts'

const message = buildChannelData(0x4001, Buffer.from('hello'), true)

const read = async (file: Buffer): Promise<{ messages: CapturedMessage[]; notes: string[]; error: Error | null }> => {
  const [messages, notes]: [CapturedMessage[], string[]] = [[], []]
  let error: Error | null = null
  try {
    for await (const each of readCapture(inPieces(file), (text) => notes.push(text))) messages.push(each)
  } catch (thrown) {
    error = thrown as Error
  }
  return { messages, notes, error }
}

/** Times of the messages, all of which must be `message`. */
const times = async (file: Buffer): Promise<(number | null | undefined)[]> => {
  const { messages, error } = await read(file)
  assert.equal(error, null)
  for (const { data } of messages) assert.deepEqual(data, message)
  return messages.map(({ packet }) => packet?.time)
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const addresses = '000000000000 000000000000'
const behind = (header: string, packet = udpPacket(message)): Buffer => Buffer.concat([hex(header), packet])
const overIpv6 = ipv6(17, udpDatagram(message))

const linkLayers: [string, number, Buffer][] = [
  ['BSD loopback', 0, behind('02000000')],
  ['BSD loopback, IPv6', 0, behind('1e000000', overIpv6)],
  ['Ethernet', 1, behind(`${addresses} 0800`)],
  ['Ethernet, IPv6', 1, behind(`${addresses} 86dd`, overIpv6)],
  ['a VLAN', 1, behind(`${addresses} 8100 0007 0800`)],
  ['a VLAN in a VLAN', 1, behind(`${addresses} 88a8 0001 8100 0007 86dd`, overIpv6)],
  ['raw IP', 12, udpPacket(message)],
  ['raw IP', 101, overIpv6],
  ['OpenBSD loopback', 108, behind('00000002')],
  ['Linux cooked', 113, behind('0000 0304 0006 0000000000000000 0800')],
  ['Linux cooked with a VLAN', 113, behind('0000 0001 0006 0000000000000000 8100 0007 0800')],
  ['IPv4', 228, udpPacket(message)],
  ['IPv6', 229, overIpv6],
  ['Linux cooked v2', 276, behind('0800 0000 00000001 0304 00 06 0000000000000000')],
  ['Linux cooked v2, IPv6', 276, behind('86dd 0000 00000001 0304 00 06 0000000000000000', overIpv6)],
]

describe('pcap', () => {
  for (const [name, linkType, frame] of linkLayers)
    test(name, async () => assert.deepEqual(await times(pcap([frame], { linkType })), [0]))

  test('both byte orders, micro- and nanoseconds', async () => {
    for (const little of [true, false])
      for (const nanoseconds of [true, false])
        assert.deepEqual(await times(pcap([udpPacket(message), udpPacket(message)], { little, nanoseconds })), [0, 1])
  })

  test('another link type is named', async () => {
    const { error } = await read(pcap([], { linkType: 147 }))
    assert.match(error!.message, /link type 147 is not read: Ethernet/)
  })

  test('one that was cut off gives what is whole, then says so', async () => {
    const whole = pcap([udpPacket(message), udpPacket(message)])
    for (const missing of [1, udpPacket(message).length, udpPacket(message).length + 15]) {
      const { messages, error } = await read(whole.subarray(0, -missing))
      assert.equal(messages.length, 1)
      assert.match(error!.message, /ends at byte \d+, in the middle of a packet: it was cut off/)
    }
  })

  test('a packet of gigabytes is damage', async () => {
    const file = pcap([udpPacket(message)])
    file.writeUInt32LE(0xffffffff, 24 + 8)
    assert.match((await read(file)).error!.message, /a packet at byte 40 is 4294967295 bytes long: damaged/)
  })
})

describe('pcapng', () => {
  const frame = behind(`${addresses} 0800`)

  for (const little of [true, false])
    test(`sections, interfaces and packets of every kind, ${little ? 'little' : 'big'}-endian`, async () => {
      const { section, interface: described, packet, simplePacket, obsoletePacket, block, option } = pcapng(little)
      const file = Buffer.concat([
        section(),
        described(1, 65_535),
        packet(0, 1_000_000n, frame),
        block(0x0bad, Buffer.from('nobody knows')),
        described(
          101,
          0,
          option(9, Buffer.of(9)),
          option(14, Buffer.from(little ? '0100000000000000' : '0000000000000001', 'hex')),
        ),
        packet(1, 1_500_000_000n, udpPacket(message)),
        described(113, 0, option(9, Buffer.of(0x80 | 10))),
        obsoletePacket(2, 2048n, behind('0000 0304 0006 0000000000000000 0800')),
        simplePacket(frame),
      ])
      assert.deepEqual(await times(file), [0, 1.5, 1, null])
      const other = pcapng(!little)
      const sections = Buffer.concat([
        file,
        other.section(),
        other.interface(101),
        other.packet(0, 4_000_000n, udpPacket(message)),
      ])
      assert.deepEqual(await times(sections), [0, 1.5, 1, null, 3])
    })

  test('an interface of another link type is left out and named once', async () => {
    const { section, interface: described, packet } = pcapng(true)
    const other = packet(0, 0n, Buffer.alloc(64))
    const { messages, notes } = await read(
      Buffer.concat([section(), described(220), described(1), other, other, packet(1, 0n, frame)]),
    )
    assert.equal(messages.length, 1)
    assert.equal(notes.length, 1)
    assert.match(notes[0]!, /link type 220/)
  })

  test('damage is named', async () => {
    const { section, interface: described, packet, simplePacket, block } = pcapng(true)
    const start = Buffer.concat([section(), described(1)])
    const longer = packet(0, 0n, frame)
    longer.writeUInt32LE(1000, 8 + 12)
    const otherEnd = packet(0, 0n, frame)
    otherEnd.writeUInt32LE(16, otherEnd.length - 4)
    const unaligned = packet(0, 0n, frame)
    unaligned.writeUInt32LE(41, 4)
    const cases: [Buffer, RegExp][] = [
      [section(2), /pcapng of version 2 is not read/],
      [Buffer.from('0a0d0d0a1c000000000000000100000000000000', 'hex'), /tells no byte order/],
      [Buffer.from('0a0d0d0a1c00', 'hex'), /ends at byte 6, in the middle of the header of a section/],
      [Buffer.concat([start, packet(1, 0n, frame)]), /a packet is of interface 1, which it does not describe/],
      [Buffer.concat([section(), simplePacket(frame)]), /a packet is of interface 0, which/],
      [Buffer.concat([start, longer]), /a packet is longer than its block/],
      [Buffer.concat([start, simplePacket(frame, 1000)]), /a packet is longer than its block/],
      [Buffer.concat([start, otherEnd]), /does not end where it says/],
      [Buffer.concat([start, unaligned]), /is 41 bytes long/],
      [Buffer.concat([start, block(6, Buffer.alloc(8))]), /a packet is too short/],
      [Buffer.concat([start, packet(0, 0n, frame)]).subarray(0, -3), /in the middle of a block: it was cut off/],
    ]
    for (const [file, said] of cases) assert.match((await read(file)).error!.message, said)
  })
})

describe('IP', () => {
  const extension = (length: number, second = length / 8 - 1): Buffer => {
    const bytes = Buffer.alloc(length)
    bytes[1] = second
    return bytes
  }

  test('IPv6 extension headers are walked', async () => {
    const packet = ipv6(17, udpDatagram(message), [
      [0, extension(8)],
      [60, extension(24)],
      [43, extension(8)],
      [51, extension(24, 4)],
      [44, extension(8, 0)],
      [60, extension(8)],
    ])
    assert.deepEqual(await times(pcap([packet])), [0])
  })

  test('fragments after the first, other protocols and what is too short say nothing', async () => {
    const later = udpPacket(message)
    later.writeUInt16BE(1, 6)
    const laterFragment = extension(8, 0)
    laterFragment.writeUInt16BE(8, 2)
    const { messages } = await read(
      pcap([
        later,
        ipv6(17, udpDatagram(message), [[44, laterFragment]]),
        ipv4(1, udpDatagram(message)),
        udpPacket(message).subarray(0, 25),
        ipv6(17, Buffer.alloc(0)),
        Buffer.of(0x45),
        Buffer.alloc(0),
      ]),
    )
    assert.deepEqual(messages, [])
  })

  test('padding of a short Ethernet frame belongs to nobody', async () => {
    const frame = Buffer.concat([behind(`${addresses} 0800`), Buffer.alloc(18)])
    assert.deepEqual(await times(pcap([frame], { linkType: 1 })), [0])
  })

  test("peers' datagrams and other conversations are counted", async () => {
    const media = Buffer.from('80780001', 'hex')
    const { messages, notes } = await read(
      pcap([
        udpPacket(media),
        udpPacket(message),
        tcpPacket(1, Buffer.from('SSH-2.0\r\n')),
        udpPacket(Buffer.alloc(0)),
      ]),
    )
    assert.equal(messages.length, 1)
    assert.deepEqual(notes, ['left out, neither STUN nor ChannelData: 1 datagrams, 1 segments of TCP'])
  })
})

describe('TCP', () => {
  const three = Buffer.concat([message, message, message])
  const count = async (packets: readonly Buffer[]) => {
    const { messages, notes, error } = await read(pcap(packets))
    assert.equal(error, null)
    for (const { data } of messages) assert.deepEqual(data, message)
    return { messages: messages.length, notes }
  }
  const none: string[] = []

  test('messages that lie across segments, or several in one', async () => {
    const packets = [...three].map((byte, at) => tcpPacket(1 + at, Buffer.of(byte)))
    assert.deepEqual(await count([tcpPacket(0, Buffer.alloc(0), { syn: true }), ...packets]), {
      messages: 3,
      notes: none,
    })
    assert.deepEqual(await count([tcpPacket(1, three.subarray(0, 12)), tcpPacket(13, three.subarray(12))]), {
      messages: 3,
      notes: none,
    })
  })

  test('out of order, twice, overlapping, and over the end of the sequence numbers', async () => {
    const at = (offset: number, end: number) => tcpPacket(0xfffffff0 + offset, three.subarray(offset, end))
    const start = tcpPacket(0xffffffef, Buffer.alloc(0), { syn: true })
    assert.deepEqual(await count([start, at(20, 36), at(5, 22), at(5, 22), at(0, 5), at(0, 5)]), {
      messages: 3,
      notes: none,
    })
  })

  test('where a segment is missing it goes on with the next message', async () => {
    const { messages, notes } = await count([
      tcpPacket(1, Buffer.concat([message, message.subarray(0, 4)])),
      tcpPacket(100, message.subarray(4)),
      tcpPacket(100 + message.length - 4, message),
    ])
    assert.equal(messages, 2)
    assert.match(notes.join('\n'), /missing in 1 places/)
  })

  test('a capture that starts in the middle is entered at a message', async () => {
    const { messages } = await count([tcpPacket(1, message.subarray(5)), tcpPacket(1 + message.length - 5, message)])
    assert.equal(messages, 1)
  })

  test('another connection of the same ports', async () => {
    const start = (sequence: number) => tcpPacket(sequence - 1, Buffer.alloc(0), { syn: true })
    const packets = [start(0x50000000), tcpPacket(0x50000000, message), start(1), tcpPacket(1, message)]
    assert.deepEqual(await count(packets), { messages: 2, notes: none })
    assert.equal((await count(packets.filter((_, index) => index !== 2))).messages, 2)
  })

  test('TLS is named', async () => {
    const hello = Buffer.from('160301 0100 0100', 'hex')
    const { notes } = await count([
      tcpPacket(0, Buffer.alloc(0), { syn: true }),
      tcpPacket(1, Buffer.concat([hello, Buffer.alloc(60)])),
    ])
    assert.match(notes.join('\n'), /1 directions of TCP connections are TLS/)
  })

  test('segments that wait, and connections, are bounded', async () => {
    const early = Array.from({ length: 1000 }, (_, index) => tcpPacket(1000 + 2 * index, Buffer.of(1)))
    const many = Array.from({ length: 2000 }, (_, port) => ipv4(6, tcpSegment(1, message, { fromPort: 1000 + port })))
    const { messages, notes } = await count([tcpPacket(1, message), ...early, ...many])
    assert.equal(messages, 2001)
    assert.match(notes.join('\n'), /missing in 1000 places/)
  })
})
