/** Writing STUN messages (RFC 8489 §5, §14). */
import { crc32 } from 'node:zlib'
import { attributes } from './attributes.ts'
import { integrityOf } from './integrity.ts'
import { fingerprintXor, headerLength, magicCookie } from './message.ts'
import { type MessageClass, messageType } from './types.ts'

export type Attribute = { type: number; value: Uint8Array }

export type NewMessage = {
  method: number
  class: MessageClass
  /** 12 bytes. */
  transactionId: Uint8Array
  attributes: readonly Attribute[]
  /** Adds MESSAGE-INTEGRITY under this key. */
  key?: Uint8Array | undefined
  /** Adds FINGERPRINT. */
  fingerprint?: boolean | undefined
}

const padded = (length: number): number => (length + 3) & ~3

const writeHeader = (out: Buffer, { method, class: messageClass, transactionId }: NewMessage): void => {
  out.writeUInt16BE(messageType(method, messageClass), 0)
  out.writeUInt16BE(out.length - headerLength, 2)
  out.writeUInt32BE(magicCookie, 4)
  out.set(transactionId, 8)
}

/** Writes one attribute at `at` and returns where the next one goes. */
const writeAttribute = (out: Buffer, at: number, type: number, value: Uint8Array): number => {
  out.writeUInt16BE(type, at)
  out.writeUInt16BE(value.length, at + 2)
  out.set(value, at + 4)
  return at + 4 + padded(value.length)
}

/** The bytes of a message; padding is zero. */
export const buildMessage = (message: NewMessage): Buffer => {
  const plain = message.attributes.reduce((sum, { value }) => sum + 4 + padded(value.length), headerLength)
  const out = Buffer.alloc(plain + (message.key ? 24 : 0) + (message.fingerprint ? 8 : 0))
  writeHeader(out, message)
  let at = headerLength
  for (const { type, value } of message.attributes) at = writeAttribute(out, at, type, value)
  if (message.key) {
    const integrity = integrityOf(out, at, at + 24 - headerLength, Buffer.from(message.key))
    at = writeAttribute(out, at, attributes.messageIntegrity, integrity)
  }
  if (message.fingerprint) writeFingerprint(out, at)
  return out
}

const writeFingerprint = (out: Buffer, at: number): void => {
  out.writeUInt16BE(attributes.fingerprint, at)
  out.writeUInt16BE(4, at + 2)
  out.writeUInt32BE((crc32(out.subarray(0, at)) ^ fingerprintXor) >>> 0, at + 4)
}
