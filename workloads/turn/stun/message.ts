/**
 * Reading a STUN message (RFC 8489 §5, §14), strictly: what is not exactly a message is refused.
 *
 *   message   = type(16) length(16) magic-cookie(32) transaction-id(96) *attribute
 *   attribute = type(16) length(16) value padding-to-32-bits
 */
import { crc32 } from 'node:zlib'
import { attributes } from './attributes.ts'
import { classOf, type MessageClass, methodOf } from './types.ts'

export const headerLength = 20
export const magicCookie = 0x2112a442
/** XORed into the CRC, so that a packet with a CRC of its own is not taken for STUN (RFC 8489 §14.7). */
export const fingerprintXor = 0x5354554e
const integrityLength = 20
const fingerprintLength = 4

export type Message = {
  method: number
  class: MessageClass
  /** 12 bytes. */
  transactionId: Buffer
  /** Type → value of the first attribute of that type; what follows MESSAGE-INTEGRITY is not in it. */
  attributes: Map<number, Buffer>
  /** Every XOR-PEER-ADDRESS in order: CreatePermission has several. */
  peers: Buffer[]
  /** Where MESSAGE-INTEGRITY starts in `bytes`; -1 without. */
  integrityAt: number
  fingerprint: boolean
  /** The datagram itself: a view, not a copy. */
  bytes: Buffer
}

/** Why a datagram is no STUN message; a fixed set, so that it can be counted. */
export type ParseFailure = 'truncated' | 'length' | 'cookie' | 'type' | 'attribute' | 'fingerprint'

const headerFailure = (bytes: Buffer): ParseFailure | null => {
  if (bytes.length < headerLength) return 'truncated'
  if (bytes[0]! > 0x3f) return 'type'
  if (bytes.readUInt32BE(4) !== magicCookie) return 'cookie'
  const length = bytes.readUInt16BE(2)
  return length % 4 === 0 && length === bytes.length - headerLength ? null : 'length'
}

/** FINGERPRINT must be the last attribute and the CRC of all before it. */
const fingerprintHolds = (bytes: Buffer, at: number, length: number): boolean =>
  length === fingerprintLength &&
  at + 8 === bytes.length &&
  bytes.readUInt32BE(at + 4) === (crc32(bytes.subarray(0, at)) ^ fingerprintXor) >>> 0

const keep = (message: Message, type: number, value: Buffer): void => {
  if (type === attributes.xorPeerAddress) message.peers.push(value)
  if (!message.attributes.has(type)) message.attributes.set(type, value)
}

/** Walks the attributes into `message`; after MESSAGE-INTEGRITY only FINGERPRINT counts (RFC 8489 §14.5). */
const readAttributes = (message: Message): ParseFailure | null => {
  const { bytes } = message
  for (let at = headerLength; at < bytes.length; ) {
    const type = bytes.readUInt16BE(at)
    const length = bytes.readUInt16BE(at + 2)
    const next = at + 4 + ((length + 3) & ~3)
    if (next > bytes.length) return 'attribute'
    if (type === attributes.fingerprint) {
      if (!fingerprintHolds(bytes, at, length)) return 'fingerprint'
      message.fingerprint = true
    } else if (message.integrityAt < 0) {
      if (type === attributes.messageIntegrity) {
        if (length !== integrityLength) return 'attribute'
        message.integrityAt = at
      }
      keep(message, type, bytes.subarray(at + 4, at + 4 + length))
    }
    at = next
  }
  return null
}

/** The message in `bytes`, or why there is none. Never throws. */
export const parseMessage = (bytes: Buffer): Message | ParseFailure => {
  const failure = headerFailure(bytes)
  if (failure) return failure
  const type = bytes.readUInt16BE(0)
  const message: Message = {
    method: methodOf(type),
    class: classOf(type),
    transactionId: bytes.subarray(8, headerLength),
    attributes: new Map(),
    peers: [],
    integrityAt: -1,
    fingerprint: false,
    bytes,
  }
  return readAttributes(message) ?? message
}
