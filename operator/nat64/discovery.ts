/**
 * The NAT64 prefixes of a network, found by its DNS (RFC 7050): `ipv4only.arpa` has IPv4 addresses alone, so an IPv6 one is
 * made of a translator's prefix and one of them, put together as RFC 6052 §2.2 says.
 */
import { isIPv6 } from 'node:net'
import { ipBytes } from '../ip-bytes.ts'
import type { Resolve } from '../reconcile/lookups.ts'

/** RFC 7050 §8.1 and §8.2. */
export const ipv4OnlyName = 'ipv4only.arpa'
const ipv4OnlyAddresses: ReadonlySet<string> = new Set(['192.0.0.170', '192.0.0.171'])

const lengths = [32, 40, 48, 56, 64, 96] as const
/** The byte that RFC 6052 §2.2 leaves out of the address. */
const reservedByte = 8

/** As many as `peers.json` has room for beside those that a person gives. */
const most = 16

/** The four bytes after a prefix of `bits`, around the reserved one. */
const embedded = (address: Buffer, bits: number): string => {
  const after = [...address.keys()].slice(bits / 8).filter((index) => bits === 96 || index !== reservedByte)
  return after
    .slice(0, 4)
    .map((index) => address[index])
    .join('.')
}

/** `2001:db8:0:0:0:0:0:0/32`, shortened as URLs write addresses. */
const prefixText = (address: Buffer, bits: number): string => {
  const kept = address.map((byte, index) => (index < bits / 8 ? byte : 0))
  const groups = Array.from({ length: 8 }, (_, index) =>
    Buffer.from(kept)
      .readUInt16BE(index * 2)
      .toString(16),
  )
  return `${new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)}/${bits}`
}

/** Every prefix that the addresses of `ipv4only.arpa` can be made with, sorted; empty where no translator is told of. */
export const nat64Prefixes = (addresses: readonly string[]): string[] => {
  const found = addresses
    .filter((address) => isIPv6(address) && !address.includes('.'))
    .map(ipBytes)
    .flatMap((address) =>
      lengths.filter((bits) => ipv4OnlyAddresses.has(embedded(address, bits))).map((bits) => prefixText(address, bits)),
    )
  return [...new Set(found)].sort().slice(0, most)
}

/** Asks the DNS; empty where it tells of no translator or does not answer. */
export const discoverNat64 = async (resolve: Resolve): Promise<string[]> => nat64Prefixes(await resolve(ipv4OnlyName))

/** What a person has given and what was found, sorted and each once, so that the same network gives the same text. */
export const allNat64 = (given: readonly string[], found: readonly string[]): string[] =>
  [...new Set([...given, ...found])].sort()
