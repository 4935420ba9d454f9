/**
 * The first bytes of a connection that one workload accepted and another serves: mail holds the HTTPS port, and what speaks
 * TURN there goes to a relay. They are a header of the PROXY protocol, version 2 (HAProxy, proxy-protocol.txt §2.2), with a
 * proof by a key that both workloads have, so that nobody else can give a connection another source:
 *
 *   header = signature (12 bytes) 0x21 family (1) length (2) source destination [address] source destination [port] TLV*
 *   family = 0x11 TCP over IPv4 / 0x21 TCP over IPv6
 *   TLV    = type (1) length (2) value
 *   0x20   = client (1; bit 0: it came by TLS) verify (4)                                       §2.2.5, PP2_TYPE_SSL
 *   0xE0   = Unix seconds (8) HMAC-SHA256 over label and all bytes before it (32); the last one  §2.2, PP2_TYPE_MIN_CUSTOM
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { addressBytes, addressText, unmapped } from '../address/text.ts'

/** A client as its connection showed it, and whether it came by TLS. `address` as the system writes it. */
export type HandedOver = { address: string; port: number; secure: boolean }

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const fixedLength = 16
/** More than any header that is written here. */
const maxLength = 256
const types = { ssl: 0x20, proof: 0xe0 }
const [byIpv4, byIpv6] = [0x11, 0x21]
const sslLength = 5
const macLength = 32
const proofLength = 8 + macLength
/** Clocks of two machines differ by no more, seconds; a header that was overheard is of use for as long. */
const tolerance = 300
const label = 'chatmail: a connection is handed over\n'

const tlv = (type: number, value: Buffer): Buffer => {
  const head = Buffer.alloc(3)
  head.writeUInt8(type)
  head.writeUInt16BE(value.length, 1)
  return Buffer.concat([head, value])
}

const mac = (secret: string, bytes: Buffer): Buffer => createHmac('sha256', secret).update(label).update(bytes).digest()

const uint64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

const ports = (port: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16BE(port)
  return bytes
}

/** The header that names `client`; where it connected to stays unsaid. `seconds` is Unix time. @throws RangeError */
export const handOverHeader = (client: HandedOver, secret: string, seconds: number): Buffer => {
  const source = addressBytes(unmapped(client.address))
  const addresses = Buffer.concat([source, Buffer.alloc(source.length), ports(client.port)])
  const ssl = tlv(types.ssl, Buffer.from([client.secure ? 1 : 0, 0, 0, 0, 0]))
  const proof = tlv(types.proof, Buffer.concat([uint64(seconds), Buffer.alloc(macLength)]))
  const head = Buffer.from([0x21, source.length === 4 ? byIpv4 : byIpv6, 0, 0])
  head.writeUInt16BE(addresses.length + ssl.length + proof.length, 2)
  const header = Buffer.concat([signature, head, addresses, ssl, proof])
  mac(secret, header.subarray(0, -macLength)).copy(header, header.length - macLength)
  return header
}

/** The byte that a header starts with; neither TLS nor any message of STUN or TURN does. */
export const handOverByte = signature[0]!

const isProven = (header: Buffer, secrets: readonly string[], seconds: number): boolean => {
  const covered = header.subarray(0, -macLength)
  const told = header.subarray(-macLength)
  const at = Number(header.readBigUInt64BE(header.length - proofLength))
  const holds = secrets.map((secret) => timingSafeEqual(mac(secret, covered), told))
  return holds.includes(true) && Math.abs(at - seconds) <= tolerance
}

/** Bytes of addresses and ports, 0 where the family is none that a client can have. */
const addressesLength = (family: number): number => (family === byIpv4 ? 12 : family === byIpv6 ? 36 : 0)

/** The header is of the one form that is written here: what other proxies write proves nothing. */
const isOurs = (header: Buffer): boolean => {
  const addresses = addressesLength(header[13]!)
  const ssl = fixedLength + addresses
  const proof = ssl + 3 + sslLength
  return (
    addresses > 0 &&
    header.length === proof + 3 + proofLength &&
    header[ssl] === types.ssl &&
    header.readUInt16BE(ssl + 1) === sslLength &&
    header[proof] === types.proof &&
    header.readUInt16BE(proof + 1) === proofLength
  )
}

const clientOf = (header: Buffer): HandedOver => {
  const addresses = addressesLength(header[13]!)
  const size = (addresses - 4) / 2
  return {
    address: addressText(header.subarray(fixedLength, fixedLength + size)),
    port: header.readUInt16BE(fixedLength + 2 * size),
    secure: (header[fixedLength + addresses + 3]! & 1) === 1,
  }
}

/**
 * The client that a connection's first bytes name, and their length; `more` where the header is not whole yet, `refused` where
 * it is none or not proven by any of `secrets`. `seconds` is Unix time.
 */
export const readHandOver = (
  bytes: Buffer,
  secrets: readonly string[],
  seconds: number,
): { client: HandedOver; length: number } | 'more' | 'refused' => {
  const known = Math.min(bytes.length, signature.length)
  if (!bytes.subarray(0, known).equals(signature.subarray(0, known))) return 'refused'
  if (bytes.length < fixedLength) return 'more'
  const length = fixedLength + bytes.readUInt16BE(14)
  if (bytes[12] !== 0x21 || length > maxLength) return 'refused'
  if (bytes.length < length) return 'more'
  const header = bytes.subarray(0, length)
  if (!isOurs(header) || !isProven(header, secrets, seconds)) return 'refused'
  const client = clientOf(header)
  return client.port > 0 ? { client, length } : 'refused'
}
