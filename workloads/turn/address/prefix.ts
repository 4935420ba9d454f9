/** Address prefixes. */
import { addressBytes } from '../../kit/address/text.ts'

export type Prefix = { bytes: Uint8Array; bits: number }

/** `10.0.0.0/8`, `fd00::/8`, or a single address. @throws RangeError when it is neither. */
export const parsePrefix = (text: string): Prefix => {
  const [address = '', length] = text.split('/')
  const bytes = addressBytes(address)
  const bits = length === undefined ? bytes.length * 8 : Number(length)
  if (!Number.isInteger(bits) || bits < 0 || bits > bytes.length * 8) throw new RangeError('not a prefix length')
  return { bytes, bits }
}

/** True when `address`, 4 or 16 bytes, lies in the prefix; families never match each other. */
export const inPrefix = (address: Uint8Array, { bytes, bits }: Prefix): boolean => {
  if (address.length !== bytes.length) return false
  const whole = bits >> 3
  for (let index = 0; index < whole; index++) if (address[index] !== bytes[index]) return false
  const rest = bits & 7
  return rest === 0 || (address[whole]! ^ bytes[whole]!) >> (8 - rest) === 0
}
