/**
 * pcapng (draft-ietf-opsawg-pcapng §3, §4): sections one after the other, each in a byte order of its own and with its own
 * interfaces.
 *
 *   file    = 1*section
 *   section = SHB *block
 *   block   = type(32) length(32) body length(32)       length of the whole block, a multiple of 4, said twice
 *   SHB     = 0x0A0D0D0A: magic(32) major(16) minor(16) section-length(64) *option
 *   IDB     = 1: link-type(16) reserved(16) snaplen(32) *option
 *   PB      = 2: interface(16) drops(16) time(64) captured(32) original(32) frame padding *option     obsolete
 *   SPB     = 3: original(32) frame padding             of interface 0, as far as its snaplen goes
 *   EPB     = 6: interface(32) time(64) captured(32) original(32) frame padding *option
 *   option  = code(16) length(16) value padding         if_tsresol = 9, if_tsoffset = 14
 *   time    = high(32) low(32), in both byte orders
 *
 * Blocks of other types are skipped, whatever they are.
 */
import { type ByteOrder, bigEndian, littleEndian } from './byte-order.ts'
import { type Bytes, CaptureError } from './bytes.ts'
import type { Frame } from './frame.ts'

const types = { section: 0x0a0d0d0a, interface: 1, packet: 2, simplePacket: 3, enhancedPacket: 6 }
const options = { end: 0, timeResolution: 9, timeOffset: 14 }

/** The magic as the first byte order reads it. */
const orders: Readonly<Record<string, ByteOrder>> = { '1a2b3c4d': bigEndian, '4d3c2b1a': littleEndian }

/** type, length and length again */
const aroundBody = 12
/** As many as anybody has; a damaged file must not fill the memory with them. */
const maxInterfaces = 4096
const second = 1_000_000_000n

type Interface = { linkType: number; snapLength: number; unitsPerSecond: bigint; offset: bigint }
type Section = { order: ByteOrder; interfaces: Interface[] }

export const isPcapng = (start: Buffer): boolean => start.length >= 4 && start.readUInt32BE(0) === types.section

const damaged = (what: string): CaptureError => new CaptureError(`the pcapng file is damaged: ${what}`)

/** Code → the first value of that code. Options that run over the end are left out. */
const readOptions = (bytes: Buffer, { u16 }: ByteOrder): Map<number, Buffer> => {
  const found = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= bytes.length; ) {
    const [code, length] = [u16(bytes, at), u16(bytes, at + 2)]
    const next = at + 4 + ((length + 3) & ~3)
    if (code === options.end || next > bytes.length) break
    if (!found.has(code)) found.set(code, bytes.subarray(at + 4, at + 4 + length))
    at = next
  }
  return found
}

/** if_tsresol (§4.2): the lower bits are a negative power of 10, or of 2 where the highest bit is set. */
const unitsPerSecond = (resolution: number): bigint =>
  resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution)

const time = (bytes: Buffer, at: number, { u32 }: ByteOrder): bigint =>
  (BigInt(u32(bytes, at)) << 32n) | BigInt(u32(bytes, at + 4))

const signed64 = (bytes: Buffer, order: ByteOrder): bigint =>
  order === bigEndian ? bytes.readBigInt64BE(0) : bytes.readBigInt64LE(0)

const readInterface = (body: Buffer, order: ByteOrder): Interface => {
  if (body.length < 8) throw damaged('an interface is too short')
  const found = readOptions(body.subarray(8), order)
  const [resolution, offset] = [found.get(options.timeResolution), found.get(options.timeOffset)]
  return {
    linkType: order.u16(body, 0),
    snapLength: order.u32(body, 4),
    unitsPerSecond: unitsPerSecond(resolution?.[0] ?? 6),
    offset: offset?.length === 8 ? signed64(offset, order) : 0n,
  }
}

const interfaceOf = ({ interfaces }: Section, id: number): Interface => {
  const found = interfaces[id]
  if (!found) throw damaged(`a packet is of interface ${id}, which it does not describe`)
  return found
}

const frameData = (body: Buffer, at: number, captured: number): Buffer => {
  if (captured > body.length - at) throw damaged('a packet is longer than its block')
  return body.subarray(at, at + captured)
}

/** A PB or an EPB, which differ in where the interface is told. */
const timedPacket = (body: Buffer, section: Section, interfaceId: (body: Buffer, at: number) => number): Frame => {
  const { order } = section
  if (body.length < 20) throw damaged('a packet is too short')
  const { linkType, offset, unitsPerSecond: units } = interfaceOf(section, interfaceId(body, 0))
  return {
    time: offset * second + (time(body, 4, order) * second) / units,
    linkType,
    data: frameData(body, 20, order.u32(body, 12)),
  }
}

const simplePacket = (body: Buffer, section: Section): Frame => {
  if (body.length < 4) throw damaged('a packet is too short')
  const { linkType, snapLength } = interfaceOf(section, 0)
  const original = section.order.u32(body, 0)
  const captured = snapLength > 0 ? Math.min(original, snapLength) : original
  return { time: null, linkType, data: frameData(body, 4, captured) }
}

type ReadBlock = (body: Buffer, section: Section) => Frame | null

/** What is looked into. */
const blocks: Readonly<Record<number, ReadBlock>> = {
  [types.interface]: (body, { order, interfaces }) => {
    if (interfaces.length >= maxInterfaces) throw damaged(`more than ${maxInterfaces} interfaces`)
    interfaces.push(readInterface(body, order))
    return null
  },
  [types.packet]: (body, section) => timedPacket(body, section, section.order.u16),
  [types.simplePacket]: simplePacket,
  [types.enhancedPacket]: (body, section) => timedPacket(body, section, section.order.u32),
}

/** The body of the block that comes next; null where `wanted` is false. Its type and length were peeked at. */
const takeBlock = async (bytes: Bytes, length: number, { u32 }: ByteOrder, wanted: boolean): Promise<Buffer | null> => {
  if (length < aroundBody || length % 4 !== 0) throw damaged(`the block at byte ${bytes.at} is ${length} bytes long`)
  const start = bytes.at
  await bytes.skip(8, 'a block')
  const body = wanted ? await bytes.take(length - aroundBody, 'a block') : null
  if (!body) await bytes.skip(length - aroundBody, 'a block')
  if (u32(await bytes.take(4, 'a block'), 0) !== length)
    throw damaged(`the block at byte ${start} does not end where it says`)
  return body
}

/** SHB: the byte order of all that follows up to the next one. */
const takeSection = async (bytes: Bytes): Promise<Section> => {
  const start = await bytes.peek(16)
  if (start.length < 16) await bytes.skip(16, 'the header of a section')
  const order = orders[start.toString('hex', 8, 12)]
  if (!order) throw damaged('the header of a section tells no byte order')
  const major = order.u16(start, 12)
  if (major !== 1) throw new CaptureError(`pcapng of version ${major} is not read: 1 is wanted`)
  await takeBlock(bytes, order.u32(start, 4), order, false)
  return { order, interfaces: [] }
}

/** @throws CaptureError for a file that was cut off or is damaged */
export async function* fromPcapng(bytes: Bytes): AsyncGenerator<Frame> {
  let section = await takeSection(bytes)
  while (!(await bytes.ended())) {
    const start = await bytes.peek(8)
    if (start.length < 8) await bytes.skip(8, 'a block')
    const type = section.order.u32(start, 0)
    if (type === types.section) {
      section = await takeSection(bytes)
      continue
    }
    const read = blocks[type]
    const body = await takeBlock(bytes, section.order.u32(start, 4), section.order, read !== undefined)
    const frame = body && read!(body, section)
    if (frame) yield frame
  }
}
