/** Writers and readers of the simple attribute values (RFC 8489 §14, RFC 8656 §18). Readers give null for a malformed value. */
import type { Family } from '../../kit/address/text.ts'
import { attributes, familyCodes, transports } from './attributes.ts'
import type { Attribute } from './build.ts'
import type { ErrorCode } from './error-codes.ts'
import type { Message } from './message.ts'

const families = new Map<number, Family>([
  [familyCodes[4], 4],
  [familyCodes[6], 6],
])

/** The error code of an answer; 0 for a success or where it is malformed. */
export const readErrorCode = ({ attributes: list }: Message): number => {
  const value = list.get(attributes.errorCode)
  return value && value.length >= 4 ? (value[2]! & 7) * 100 + value[3]! : 0
}

/** `0(21) class(3) number(8)`, no reason phrase. */
export const errorCode = (code: ErrorCode): Attribute => ({
  type: attributes.errorCode,
  value: Uint8Array.of(0, 0, Math.trunc(code / 100), code % 100),
})

/** ADDRESS-ERROR-CODE (RFC 8656 §18.9): why the additional family was not given. */
export const addressErrorCode = (family: Family, code: ErrorCode): Attribute => ({
  type: attributes.addressErrorCode,
  value: Uint8Array.of(familyCodes[family], 0, Math.trunc(code / 100), code % 100),
})

export const unknownAttributes = (types: readonly number[]): Attribute => ({
  type: attributes.unknownAttributes,
  value: Uint8Array.from(types.flatMap((type) => [type >> 8, type & 0xff])),
})

export const text = (type: number, value: string): Attribute => ({ type, value: Buffer.from(value) })

const uint32 = (value: number): Buffer => {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(value)
  return out
}

/** LIFETIME, whole seconds. */
export const lifetime = (seconds: number): Attribute => ({ type: attributes.lifetime, value: uint32(seconds) })

/** REQUESTED-TRANSPORT for UDP. */
export const udpTransport: Attribute = {
  type: attributes.requestedTransport,
  value: Uint8Array.of(transports.udp, 0, 0, 0),
}

export const requestedFamily = (family: Family): Attribute => ({
  type: attributes.requestedAddressFamily,
  value: Uint8Array.of(familyCodes[family], 0, 0, 0),
})

export const channelNumber = (number: number): Attribute => ({
  type: attributes.channelNumber,
  value: Uint8Array.of(number >> 8, number & 0xff, 0, 0),
})

export const readUint32 = (value: Buffer): number | null => (value.length === 4 ? value.readUInt32BE() : null)

/** REQUESTED-TRANSPORT: `protocol(8) 0(24)`. */
export const readTransport = (value: Buffer): number | null => (value.length === 4 ? value[0]! : null)

/** REQUESTED-ADDRESS-FAMILY and ADDITIONAL-ADDRESS-FAMILY: `family(8) 0(24)`; 0 stands for a family nobody knows. */
export const readFamily = (value: Buffer): Family | 0 | null =>
  value.length === 4 ? (families.get(value[0]!) ?? 0) : null

/** EVEN-PORT: `R(1) 0(7)`; true when the next port is to be reserved. */
export const readEvenPort = (value: Buffer): boolean | null => (value.length === 1 ? (value[0]! & 0x80) !== 0 : null)

/** CHANNEL-NUMBER: `channel(16) 0(16)`. */
export const readChannelNumber = (value: Buffer): number | null => (value.length === 4 ? value.readUInt16BE() : null)
