/** Packets and capture files as their definitions say, for tests of what reads them. */

type Ends = { from: string; fromPort: number; to: string; toPort: number }
export const ends: Ends = { from: '192.0.2.1', fromPort: 4000, to: '192.0.2.2', toPort: 3478 }

const quad = (text: string): number[] => text.split('.').map(Number)

export const ipv4 = (protocol: number, body: Buffer, { from, to }: Ends = ends): Buffer => {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(20 + body.length, 2)
  header[9] = protocol
  header.set([...quad(from), ...quad(to)], 12)
  return Buffer.concat([header, body])
}

/** From 2001:db8::1 to 2001:db8::2; each extension is its type and its bytes, in which the first names what follows. */
export const ipv6 = (protocol: number, body: Buffer, extensions: readonly [number, Buffer][] = []): Buffer => {
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header[6] = extensions[0]?.[0] ?? protocol
  header.set(Buffer.from('20010db8000000000000000000000001', 'hex'), 8)
  header.set(Buffer.from('20010db8000000000000000000000002', 'hex'), 24)
  const chained = extensions.map(([, bytes], index) =>
    Buffer.concat([Buffer.of(extensions[index + 1]?.[0] ?? protocol), bytes.subarray(1)]),
  )
  const payload = Buffer.concat([...chained, body])
  header.writeUInt16BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

export const udpDatagram = (payload: Buffer, { fromPort, toPort }: Ends = ends): Buffer => {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(fromPort, 0)
  header.writeUInt16BE(toPort, 2)
  header.writeUInt16BE(8 + payload.length, 4)
  return Buffer.concat([header, payload])
}

export const tcpSegment = (
  sequence: number,
  payload: Buffer,
  { syn = false, fromPort = ends.fromPort } = {},
): Buffer => {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(fromPort, 0)
  header.writeUInt16BE(ends.toPort, 2)
  header.writeUInt32BE(sequence >>> 0, 4)
  header[12] = 0x50
  header[13] = syn ? 0x02 : 0x10
  return Buffer.concat([header, payload])
}

export const udpPacket = (payload: Buffer): Buffer => ipv4(17, udpDatagram(payload))
export const tcpPacket = (...segment: Parameters<typeof tcpSegment>): Buffer => ipv4(6, tcpSegment(...segment))

/** Writes numbers of 16 and 32 bits, in the one byte order or the other. */
export const writer = (little: boolean) => ({
  u16: (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(2 * values.length)
    for (const [at, value] of values.entries())
      little ? bytes.writeUInt16LE(value, 2 * at) : bytes.writeUInt16BE(value, 2 * at)
    return bytes
  },
  u32: (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(4 * values.length)
    for (const [at, value] of values.entries())
      little ? bytes.writeUInt32LE(value, 4 * at) : bytes.writeUInt32BE(value, 4 * at)
    return bytes
  },
})

/** One packet a second; `cut`: how much of each is captured. */
export const pcap = (
  packets: readonly Buffer[],
  { linkType = 101, little = true, nanoseconds = false, cut = Number.POSITIVE_INFINITY } = {},
): Buffer => {
  const { u32 } = writer(little)
  return Buffer.concat([
    u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 0x00040002, 0, 0, 262144, linkType),
    ...packets.flatMap((packet, index) => {
      const captured = packet.subarray(0, cut)
      return [u32(1000 + index, nanoseconds ? 500_000_000 : 500_000, captured.length, packet.length), captured]
    }),
  ])
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])

/** Blocks of a pcapng file. */
export const pcapng = (little: boolean) => {
  const { u16, u32 } = writer(little)
  const block = (type: number, ...parts: Buffer[]): Buffer => {
    const body = padded(Buffer.concat(parts))
    return Buffer.concat([u32(type, 12 + body.length), body, u32(12 + body.length)])
  }
  const option = (code: number, value: Buffer): Buffer => Buffer.concat([u16(code, value.length), padded(value)])
  const end = u16(0, 0)
  return {
    block,
    option,
    section: (version = 1): Buffer =>
      block(
        0x0a0d0d0a,
        u32(0x1a2b3c4d),
        u16(version, 0),
        u32(0xffffffff, 0xffffffff),
        option(4, Buffer.from('test')),
        end,
      ),
    interface: (linkType: number, snapLength = 0, ...options: Buffer[]): Buffer =>
      block(1, u16(linkType, 0), u32(snapLength), option(2, Buffer.from('eth0')), ...options, end),
    /** `time` in units of the interface. */
    packet: (id: number, time: bigint, frame: Buffer): Buffer =>
      block(
        6,
        u32(id, Number(time >> 32n), Number(time & 0xffffffffn), frame.length, frame.length),
        padded(frame),
        option(1, Buffer.from('a comment')),
        end,
      ),
    simplePacket: (frame: Buffer, original = frame.length): Buffer => block(3, u32(original), frame),
    obsoletePacket: (id: number, time: bigint, frame: Buffer): Buffer =>
      block(
        2,
        u16(id, 0),
        u32(Number(time >> 32n), Number(time & 0xffffffffn), frame.length, frame.length),
        padded(frame),
      ),
  }
}

/** A file as it is read: in pieces of `size` bytes. */
export async function* inPieces(file: Buffer, size = 7): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size)
}
