/**
 * IP addresses as bytes and as text. The text of an IPv6 address is the one that the operating system's `inet_ntop`
 * gives, because the keys of permissions are compared with the sender that a socket reports.
 */
import { isIPv4, isIPv6 } from 'node:net'

/** 4 or 6: which Internet Protocol an address belongs to. */
export type Family = 4 | 6

/** An address with its port; `address` is in the form of `addressText`. */
export type TransportAddress = { family: Family; address: string; port: number }

const ipv4Bytes = (text: string): Uint8Array => Uint8Array.from(text.split('.'), Number)

/** The 16-bit groups of one side of `::`; a dotted quad at the end stands for two. */
const groups = (text: string): number[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => {
        if (!group.includes('.')) return [Number.parseInt(group, 16)]
        const [a, b, c, d] = ipv4Bytes(group)
        return [(a! << 8) | b!, (c! << 8) | d!]
      })

const ipv6Bytes = (text: string): Uint8Array => {
  const [head = '', tail] = text.split('%', 1)[0]!.split('::')
  const left = groups(head)
  const right = groups(tail ?? '')
  const words = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]))
}

/** 4 or 16 bytes; a zone (`%eth0`) is left out. @throws RangeError when `text` is no IP address. */
export const addressBytes = (text: string): Uint8Array => {
  if (isIPv4(text)) return ipv4Bytes(text)
  if (isIPv6(text)) return ipv6Bytes(text)
  throw new RangeError('not an IP address')
}

export const familyOf = (text: string): Family => (isIPv4(text) ? 4 : 6)

/** Start and length of the longest run of zero groups, the first of equals; a single zero is no run. */
const longestZeroRun = (words: readonly number[]): { start: number; length: number } => {
  let best = { start: -1, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && words[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}

/** `inet_ntop` writes IPv4-compatible and IPv4-mapped addresses with a dotted quad at the end. */
const endsInQuad = (words: readonly number[], run: { start: number; length: number }): boolean =>
  run.start === 0 && (run.length === 6 || (run.length === 5 && words[5] === 0xffff))

const ipv6Text = (bytes: Uint8Array): string => {
  const words = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!)
  const run = longestZeroRun(words)
  const quad = endsInQuad(words, run)
  const parts = words.slice(0, quad ? 6 : 8).map((word) => word.toString(16))
  if (quad) parts.push(bytes.subarray(12).join('.'))
  if (run.start < 0) return parts.join(':')
  return `${parts.slice(0, run.start).join(':')}::${parts.slice(run.start + run.length).join(':')}`
}

/** The text of 4 or 16 bytes, as the operating system writes it. */
export const addressText = (bytes: Uint8Array): string =>
  bytes.length === 4 ? `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}` : ipv6Text(bytes)

/** An IPv4 address that a socket of both families shows mapped into IPv6, as what it is; others as they are. */
export const unmapped = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')
