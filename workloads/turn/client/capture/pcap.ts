/**
 * The classic capture file (draft-ietf-opsawg-pcap), in either byte order, with micro- or nanoseconds.
 *
 *   file   = magic(32) version(32) reserved(64) snaplen(32) link-type(32) *packet
 *   packet = seconds(32) fraction(32) captured(32) original(32) frame
 *
 * The upper half of `link-type` is about the frame check sequence, which lies behind what is looked at.
 */
import { type ByteOrder, bigEndian, littleEndian } from './byte-order.ts'
import { type Bytes, CaptureError } from './bytes.ts'
import type { Frame } from './frame.ts'
import { isRead, linkTypesRead } from './link-layer.ts'

type Format = { order: ByteOrder; nanoseconds: bigint }

/** By the magic as the first four bytes are in big-endian order; `nanoseconds` of one unit of the fraction. */
const formats: Readonly<Record<string, Format>> = {
  a1b2c3d4: { order: bigEndian, nanoseconds: 1000n },
  d4c3b2a1: { order: littleEndian, nanoseconds: 1000n },
  a1b23c4d: { order: bigEndian, nanoseconds: 1n },
  '4d3cb2a1': { order: littleEndian, nanoseconds: 1n },
}

const fileHeader = 24
const packetHeader = 16

export const isPcap = (start: Buffer): boolean => Object.hasOwn(formats, start.toString('hex', 0, 4))

/** @throws CaptureError for a file that was cut off, a damaged one, and one of another link type */
export async function* fromPcap(bytes: Bytes): AsyncGenerator<Frame> {
  const header = await bytes.take(fileHeader, 'the header of the file')
  const { order, nanoseconds } = formats[header.toString('hex', 0, 4)]!
  const linkType = order.u32(header, 20) & 0xffff
  if (!isRead(linkType)) throw new CaptureError(`link type ${linkType} is not read: ${linkTypesRead} is wanted`)
  while (!(await bytes.ended())) {
    const about = await bytes.take(packetHeader, 'a packet')
    const captured = order.u32(about, 8)
    yield {
      time: BigInt(order.u32(about, 0)) * 1_000_000_000n + BigInt(order.u32(about, 4)) * nanoseconds,
      linkType,
      data: await bytes.take(captured, 'a packet'),
    }
  }
}
