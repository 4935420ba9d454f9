/**
 * IPv4 addresses inside IPv6 addresses. A translator or a tunnel takes a packet to them, so what is denied as IPv4 must
 * be denied in each of these forms too.
 */
import { inPrefix, type Prefix, parsePrefix } from '../address/prefix.ts'

type Form = { prefix: Prefix; extract: (bytes: Uint8Array) => Uint8Array[] }

const last = (bytes: Uint8Array): Uint8Array[] => [bytes.subarray(12)]
/** Teredo (RFC 4380 §4): the server's address, and the client's with every bit turned. */
const teredo = (bytes: Uint8Array): Uint8Array[] => [
  bytes.subarray(4, 8),
  bytes.subarray(12).map((byte) => byte ^ 0xff),
]
/**
 * RFC 6052 §2.2: around the reserved eighth byte for a /48, at the end for a longer prefix of the site's choice. What is
 * all zero is the other form's filling.
 */
const localNat64 = (bytes: Uint8Array): Uint8Array[] =>
  [Uint8Array.of(bytes[6]!, bytes[7]!, bytes[9]!, bytes[10]!), bytes.subarray(12)].filter((form) => form.some(Boolean))

const forms: readonly Form[] = [
  { prefix: parsePrefix('::ffff:0:0/96'), extract: last },
  { prefix: parsePrefix('::/96'), extract: last },
  { prefix: parsePrefix('64:ff9b::/96'), extract: last },
  { prefix: parsePrefix('64:ff9b:1::/48'), extract: localNat64 },
  { prefix: parsePrefix('2002::/16'), extract: (bytes) => [bytes.subarray(2, 6)] },
  { prefix: parsePrefix('2001::/32'), extract: teredo },
]

/** `::` and `::1` look IPv4-compatible and are not. */
const noEmbedding = [parsePrefix('::/128'), parsePrefix('::1/128')]

/** The IPv4 addresses, 4 bytes each, that a packet to `address` may end up at. */
export const embeddedIpv4 = (address: Uint8Array): Uint8Array[] => {
  if (address.length === 4 || noEmbedding.some((prefix) => inPrefix(address, prefix))) return []
  return forms.flatMap(({ prefix, extract }) => (inPrefix(address, prefix) ? extract(address) : []))
}
