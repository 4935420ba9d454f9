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

/** The byte that RFC 6052 §2.2 leaves out of the address. */
const reservedByte = 8

/** RFC 6052 §2.2: the four bytes after a prefix of `bits`, around the reserved one. */
const nat64 =
  (bits: number) =>
  (bytes: Uint8Array): Uint8Array[] => {
    const after = [...bytes.keys()].slice(bits / 8).filter((index) => bits === 96 || index !== reservedByte)
    return [Uint8Array.from(after.slice(0, 4), (index) => bytes[index]!)]
  }

/**
 * The prefix for local use: as a /48, and at the end for a longer prefix of the site's choice. What is all zero is the
 * other form's filling.
 */
const localNat64 = (bytes: Uint8Array): Uint8Array[] =>
  [...nat64(48)(bytes), ...last(bytes)].filter((form) => form.some(Boolean))

const extractors: Readonly<Record<string, Form['extract']>> = {
  '::ffff:0:0/96': last,
  '::/96': last,
  '64:ff9b::/96': last,
  '64:ff9b:1::/48': localNat64,
  '2002::/16': (bytes) => [bytes.subarray(2, 6)],
  '2001::/32': teredo,
}

/** Every prefix in which an IPv4 address can hide, besides those of a network's own translators. */
export const wellKnownForms: readonly string[] = Object.keys(extractors)

const wellKnown: readonly Form[] = Object.entries(extractors).map(([text, extract]) => ({
  prefix: parsePrefix(text),
  extract,
}))

/** `::` and `::1` look IPv4-compatible and are not. */
const noEmbedding = [parsePrefix('::/128'), parsePrefix('::1/128')]

/**
 * Finds the IPv4 addresses, 4 bytes each, that a packet to an address may end up at. `translators` are NAT64 prefixes of
 * the network besides the well-known ones.
 */
export const embeddedIpv4 = (translators: readonly string[]): ((address: Uint8Array) => Uint8Array[]) => {
  const own = translators.map(parsePrefix).map((prefix) => ({ prefix, extract: nat64(prefix.bits) }))
  const forms = [...wellKnown, ...own]
  return (address) => {
    if (address.length === 4 || noEmbedding.some((prefix) => inPrefix(address, prefix))) return []
    return forms.flatMap(({ prefix, extract }) => (inPrefix(address, prefix) ? extract(address) : []))
  }
}
