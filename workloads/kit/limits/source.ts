/** What limits are counted by: the part of a client's address that is one customer's. */
import { isIPv6 } from 'node:net'
import { unmapped } from '../address/text.ts'

/** An IPv4 address, mapped into IPv6 or not, as it is; the /64 of an IPv6 address. `address` as the system writes it. */
export const sourceOf = (address: string): string => {
  const plain = unmapped(address).replace(/%.*$/, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::') as [string, string?]
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}
