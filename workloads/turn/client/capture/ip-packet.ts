/** From an IP packet to the datagram or segment in it (RFC 791, RFC 8200, RFC 768, RFC 9293). */
import { addressText } from '../../../kit/address/text.ts'

export type Endpoint = { address: string; port: number }

type Ends = { from: Endpoint; to: Endpoint }
export type Datagram = Ends & {
  protocol: 'udp'
  data: Buffer
  /** Bytes that it says to have and that are not here: fragments, or a capture that keeps the start of packets alone. */
  missing: number
}
export type Segment = Ends & { protocol: 'tcp'; data: Buffer; missing: number; sequence: number; syn: boolean }

const protocols = { tcp: 6, udp: 17 }
const udpHeader = 8
const tcpHeader = 20

type Packet = { protocol: number; source: Buffer; target: Buffer; payload: Buffer; length: number }

const datagram = (ends: Ends, bytes: Buffer): Datagram => {
  // 0: longer than can be said, as an interface that cuts packets up by itself is handed them (RFC 2675 §4).
  const length = bytes.readUInt16BE(4) || bytes.length
  const data = bytes.subarray(udpHeader, length)
  return { ...ends, protocol: 'udp', data, missing: Math.max(0, length - udpHeader - data.length) }
}

const segment = (ends: Ends, bytes: Buffer, length: number): Segment | null => {
  const header = (bytes[12]! >> 4) * 4
  if (header < tcpHeader || header > length) return null
  const data = bytes.subarray(header)
  const sequence = bytes.readUInt32BE(4)
  const syn = (bytes[13]! & 0x02) !== 0
  return { ...ends, protocol: 'tcp', data, missing: length - header - data.length, sequence, syn }
}

const transport = ({ protocol, source, target, payload, length }: Packet): Datagram | Segment | null => {
  if (payload.length < (protocol === protocols.tcp ? tcpHeader : udpHeader)) return null
  const ends = () => ({
    from: { address: addressText(source), port: payload.readUInt16BE(0) },
    to: { address: addressText(target), port: payload.readUInt16BE(2) },
  })
  if (protocol === protocols.udp) return datagram(ends(), payload)
  return protocol === protocols.tcp ? segment(ends(), payload, length) : null
}

/** Null for fragments after the first. */
const ipv4 = (ip: Buffer): Packet | null => {
  const header = (ip[0]! & 15) * 4
  if (ip.length < 20 || header < 20 || (ip.readUInt16BE(6) & 0x1fff) !== 0) return null
  const total = ip.readUInt16BE(2) || ip.length
  return {
    protocol: ip[9]!,
    source: ip.subarray(12, 16),
    target: ip.subarray(16, 20),
    payload: ip.subarray(header, total),
    length: total - header,
  }
}

const fragmentHeader = 44
/** Length of an extension header, from its second byte (RFC 8200 §4, RFC 4302 §2.2); the others are no extension headers. */
const extensionLength: Readonly<Record<number, (second: number) => number>> = {
  /** hop-by-hop options */
  0: (second) => (second + 1) * 8,
  /** routing */
  43: (second) => (second + 1) * 8,
  [fragmentHeader]: () => 8,
  /** authentication */
  51: (second) => (second + 2) * 4,
  /** destination options */
  60: (second) => (second + 1) * 8,
  /** mobility, HIP, Shim6 */
  135: (second) => (second + 1) * 8,
  139: (second) => (second + 1) * 8,
  140: (second) => (second + 1) * 8,
}

const ipv6 = (ip: Buffer): Packet | null => {
  if (ip.length < 40) return null
  const end = 40 + (ip.readUInt16BE(4) || ip.length - 40)
  let [protocol, at] = [ip[6]!, 40]
  for (let length = extensionLength[protocol]; length && at + 8 <= ip.length; length = extensionLength[protocol]) {
    if (protocol === fragmentHeader && ip.readUInt16BE(at + 2) >> 3 !== 0) return null
    protocol = ip[at]!
    at += length(ip[at + 1]!)
  }
  return {
    protocol,
    source: ip.subarray(8, 24),
    target: ip.subarray(24, 40),
    payload: ip.subarray(at, end),
    length: end - at,
  }
}

/** Null for other protocols, what is too short, and fragments after the first. Never throws. */
export const transportIn = (ip: Buffer): Datagram | Segment | null => {
  const version = (ip[0] ?? 0) >> 4
  const packet = version === 4 ? ipv4(ip) : version === 6 ? ipv6(ip) : null
  return packet && transport(packet)
}
