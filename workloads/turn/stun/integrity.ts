/**
 * MESSAGE-INTEGRITY (RFC 8489 §14.5): HMAC-SHA1 over the message up to the attribute, its length field set as if the
 * attribute were the last.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Message } from './message.ts'

/** 20 bytes over the first `end` bytes; `length` stands in the header's length field instead of what is there. */
export const integrityOf = (bytes: Buffer, end: number, length: number, key: Buffer): Buffer => {
  const head = Buffer.from(bytes.subarray(0, 4))
  head.writeUInt16BE(length, 2)
  return createHmac('sha1', key).update(head).update(bytes.subarray(4, end)).digest()
}

/** Compares in constant time. False without MESSAGE-INTEGRITY. */
export const integrityHolds = ({ bytes, integrityAt }: Message, key: Buffer): boolean => {
  if (integrityAt < 0) return false
  const expected = integrityOf(bytes, integrityAt, integrityAt + 24 - 20, key)
  return timingSafeEqual(expected, bytes.subarray(integrityAt + 4, integrityAt + 24))
}
