/**
 * Walks the packets of an OpenPGP message (RFC 9580 §4.2, §10.3) and tells whether it is an encrypted one. Versions are
 * not looked at, so that new ones pass.
 *
 *     encrypted = 1*(PKESK / SKESK) SEIPD       ; the SEIPD packet reaches the end
 */
import { armorReader, findArmor } from './armor.ts'
import type { Base64Reader } from './base64-reader.ts'

const tags = { pkesk: 1, skesk: 3, seipd: 18 } as const

/** A body of known length, of chunks (§4.2.1.4), or null: malformed. */
type Length = { octets: number; partial: boolean } | null

/** Smallest SEIPD body: version 1, 8-octet block cipher: 1 + 10 octets of prefix + 22 octets of MDC (§5.13.1). */
const minEncrypted = 33
/** §4.2.1.4: the first chunk has at least 512 octets. */
const minFirstChunk = 512

const bigEndian = (reader: Base64Reader, octets: number): number => {
  let value = 0
  for (let index = 0; index < octets; index++) {
    const octet = reader.next()
    if (octet === -1) return -1
    value = value * 256 + octet
  }
  return value
}

const known = (octets: number): Length => (octets < 0 ? null : { octets, partial: false })

/** §4.2.1: one octet below 192, two below 224, five at 255, a chunk between. */
const newLength = (reader: Base64Reader): Length => {
  const first = reader.next()
  if (first < 192) return known(first)
  if (first < 224) {
    const second = reader.next()
    return second === -1 ? null : known((first - 192) * 256 + second + 192)
  }
  return first === 255 ? known(bigEndian(reader, 4)) : { octets: 2 ** (first & 0x1f), partial: true }
}

/** §4.2.2: length types 0 to 2 are 1, 2 and 4 octets; 3, without a length, fits no packet that may stand here. */
const oldLength = (reader: Base64Reader, type: number): Length =>
  type === 3 ? null : known(bigEndian(reader, 2 ** type))

const readPacketHeader = (reader: Base64Reader): { tag: number; length: Length } | null => {
  const first = reader.next()
  if (first < 0x80) return null
  if (first & 0x40) return { tag: first & 0x3f, length: newLength(reader) }
  return { tag: (first >> 2) & 0x0f, length: oldLength(reader, first & 0x03) }
}

/** Octets of a body and of its chunks, all skipped; -1 where it is cut short or malformed. */
const skipBody = (reader: Base64Reader, first: Length): number => {
  let length = first
  let octets = 0
  if (length?.partial && length.octets < minFirstChunk) return -1
  while (length) {
    if (!reader.skip(length.octets)) return -1
    octets += length.octets
    if (!length.partial) return octets
    length = newLength(reader)
  }
  return -1
}

/** True where the octets are session key packets and one encrypted data packet, and nothing else. */
const isEncryptedMessage = (reader: Base64Reader): boolean => {
  for (let sessionKeys = 0; ; sessionKeys++) {
    const packet = readPacketHeader(reader)
    if (!packet?.length) return false
    if (packet.tag === tags.seipd)
      return sessionKeys > 0 && skipBody(reader, packet.length) >= minEncrypted && reader.atEnd
    if (packet.tag !== tags.pkesk && packet.tag !== tags.skesk) return false
    if (packet.length.partial || skipBody(reader, packet.length) < 1) return false
  }
}

/** True where the bytes between two offsets are the armor of an encrypted OpenPGP message. */
export const isArmoredEncryptedMessage = (bytes: Buffer, start: number, end: number): boolean => {
  const armored = findArmor(bytes, start, end)
  if (!armored) return false
  const reader = armorReader(bytes, armored)
  return isEncryptedMessage(reader) && (reader.characters + armored.padding) % 4 === 0
}
