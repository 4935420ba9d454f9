/**
 * XOR-MAPPED-ADDRESS and its kin (RFC 8489 §14.2):
 *
 *   value = 0(8) family(8) port(16) ^ cookie's first half, address ^ (cookie, transaction-id)
 */
import { addressBytes, addressText, type TransportAddress } from '../../kit/address/text.ts'
import { familyCodes } from './attributes.ts'
import { magicCookie } from './message.ts'

const cookieBytes = Uint8Array.of(0x21, 0x12, 0xa4, 0x42)
const portMask = magicCookie >>> 16
const lengths = new Map<number, number>([
  [familyCodes[4], 8],
  [familyCodes[6], 20],
])

/** XORs the address part in place; an IPv6 address is masked by the transaction id too. */
const mask = (value: Uint8Array, transactionId: Uint8Array): void => {
  for (let index = 4; index < value.length; index++)
    value[index]! ^= index < 8 ? cookieBytes[index - 4]! : transactionId[index - 8]!
}

/** The value for `address`, 4 or 16 bytes. */
export const xorAddressOf = (address: Uint8Array, port: number, transactionId: Uint8Array): Buffer => {
  const value = Buffer.alloc(4 + address.length)
  value[1] = address.length === 4 ? familyCodes[4] : familyCodes[6]
  value.writeUInt16BE(port ^ portMask, 2)
  value.set(address, 4)
  mask(value, transactionId)
  return value
}

export const xorAddress = ({ address, port }: { address: string; port: number }, transactionId: Uint8Array): Buffer =>
  xorAddressOf(addressBytes(address), port, transactionId)

/** The address in a value, or null when it is malformed. */
export const readXorAddress = (value: Buffer, transactionId: Uint8Array): TransportAddress | null => {
  if (value.length < 4 || lengths.get(value[1]!) !== value.length) return null
  const plain = Buffer.from(value)
  mask(plain, transactionId)
  return {
    family: value.length === 8 ? 4 : 6,
    address: addressText(plain.subarray(4)),
    port: value.readUInt16BE(2) ^ portMask,
  }
}
