/**
 * Datagrams of a capture: the classic pcap file (libpcap's savefile format, both byte orders, micro- and nanoseconds) over
 * Ethernet, Linux cooked, loopback or raw IP; or hex, one datagram a line.
 *
 *   file   = magic(32) version(32) zone(32) sigfigs(32) snaplen(32) linktype(32) *packet
 *   packet = seconds(32) fraction(32) captured(32) length(32) frame
 */
import { addressText } from '../../kit/address/text.ts'

export type Endpoint = { address: string; port: number }
export type CapturedPayload = {
  /** Seconds since the first packet; null without times. */
  time: number | null
  protocol: 'udp' | 'tcp' | null
  from: Endpoint | null
  to: Endpoint | null
  data: Buffer
}

const fileHeader = 24
const packetHeader = 16
const ethernetTypes = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100 }

type Format = { read: (bytes: Buffer, at: number) => number; fraction: number }

const formats: Record<number, Format> = {
  2712847316: { read: (bytes, at) => bytes.readUInt32BE(at), fraction: 1e6 },
  3569595041: { read: (bytes, at) => bytes.readUInt32LE(at), fraction: 1e6 },
  2712812621: { read: (bytes, at) => bytes.readUInt32BE(at), fraction: 1e9 },
  1295823521: { read: (bytes, at) => bytes.readUInt32LE(at), fraction: 1e9 },
}

const pcapng = 0x0a0d0d0a

const skipVlan = (frame: Buffer, at: number): number =>
  frame.length > at + 6 && frame.readUInt16BE(at) === ethernetTypes.vlan ? at + 6 : at + 2

/** Where the IP header starts, by link type (tcpdump.org/linktypes). */
const ipStart: Record<number, (frame: Buffer) => number> = {
  0: () => 4,
  1: (frame) => skipVlan(frame, 12),
  12: () => 0,
  101: () => 0,
  113: () => 16,
  228: () => 0,
  229: () => 0,
  276: () => 20,
}

type Segment = Pick<CapturedPayload, 'protocol' | 'from' | 'to' | 'data'>

const transport = (ip: Buffer, at: number, protocol: number, source: Buffer, target: Buffer): Segment | null => {
  if (ip.length < at + 8 || (protocol !== 17 && protocol !== 6)) return null
  const header = protocol === 17 ? 8 : (ip[at + 12] ?? 0) >> 2
  const end = protocol === 17 ? at + ip.readUInt16BE(at + 4) : ip.length
  return {
    protocol: protocol === 17 ? 'udp' : 'tcp',
    from: { address: addressText(source), port: ip.readUInt16BE(at) },
    to: { address: addressText(target), port: ip.readUInt16BE(at + 2) },
    data: ip.subarray(at + header, end),
  }
}

/** What is in one IP packet; null for other protocols and for fragments after the first. */
const segment = (ip: Buffer): Segment | null => {
  if (ip.length < 20) return null
  if (ip[0]! >> 4 === 4) {
    if ((ip.readUInt16BE(6) & 0x1fff) !== 0) return null
    const whole = ip.subarray(0, ip.readUInt16BE(2) || ip.length)
    return transport(whole, (ip[0]! & 15) * 4, ip[9]!, ip.subarray(12, 16), ip.subarray(16, 20))
  }
  if (ip[0]! >> 4 !== 6 || ip.length < 40) return null
  const whole = ip.subarray(0, 40 + ip.readUInt16BE(4))
  return transport(whole, 40, ip[6]!, ip.subarray(8, 24), ip.subarray(24, 40))
}

function* fromPcap(bytes: Buffer, { read, fraction }: Format): Generator<CapturedPayload> {
  const start = ipStart[read(bytes, 20) & 0xffff]
  if (!start) throw new Error('a capture of Ethernet, Linux cooked, loopback or raw IP is wanted')
  let first: number | null = null
  for (let at = fileHeader; at + packetHeader <= bytes.length; ) {
    const time = read(bytes, at) + read(bytes, at + 4) / fraction
    first ??= time
    const end = at + packetHeader + read(bytes, at + 8)
    const frame = bytes.subarray(at + packetHeader, end)
    const found = segment(frame.subarray(start(frame)))
    if (found && found.data.length > 0) yield { time: time - first, ...found }
    at = end
  }
}

function* fromHex(text: string): Generator<CapturedPayload> {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const digits = line.replace(/#.*$/, '').replace(/0x|[\s:,]/g, '')
    if (digits === '') continue
    if (!/^([0-9a-f]{2})+$/i.test(digits)) throw new Error(`line ${index + 1}: pairs of hex digits are wanted`)
    yield { time: null, protocol: null, from: null, to: null, data: Buffer.from(digits, 'hex') }
  }
}

/** @throws Error that says what was wanted */
export const readCapture = (bytes: Buffer): Generator<CapturedPayload> => {
  const magic = bytes.length >= 4 ? bytes.readUInt32BE(0) : 0
  if (magic === pcapng) throw new Error('pcapng is not read: convert it with `tcpdump -r FILE -w FILE.pcap`')
  const format = formats[magic]
  if (format && bytes.length >= fileHeader) return fromPcap(bytes, format)
  return fromHex(bytes.toString('latin1'))
}
