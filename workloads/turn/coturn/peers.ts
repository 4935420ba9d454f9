/**
 * Whom coturn may relay to, as it takes it: ranges `first-last`, and what is allowed before what is denied. It judges an
 * address in the one form that it was written in and knows no ports, so every prefix that can hold an IPv4 address inside
 * IPv6 is denied as a whole, and what is allowed is so at every port.
 */
import type { TurnConfig } from '../../contract/turn-config.ts'
import type { TurnPeers } from '../../contract/turn-peers.ts'
import { addressText } from '../../kit/address/text.ts'
import type { ServerAddresses } from '../address/machine.ts'
import { inPrefix, type Prefix, parsePrefix } from '../address/prefix.ts'
import { deniedPrefixes } from '../peers/denied-prefixes.ts'
import { wellKnownForms } from '../peers/embedded-ipv4.ts'

export type PeerRanges = { allow: string[]; deny: string[] }

const loopback: readonly Prefix[] = ['127.0.0.0/8', '::1/128'].map(parsePrefix)

const isThere = (text: string | null): text is string => text !== null

/** The bits after the prefix, all `0` or all `1`. */
const filled = ({ bytes, bits }: Prefix, one: boolean): Uint8Array =>
  bytes.map((byte, index) => {
    const rest = 0xff >> Math.min(8, Math.max(0, bits - index * 8))
    return one ? byte | rest : byte & ~rest
  })

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

/** To coturn an end that is all zero is an end that is open, for both families; the zero address it refuses by itself. */
const notZero = (bytes: Uint8Array): Uint8Array => (isZero(bytes) ? bytes.with(-1, 1) : bytes)

/** `10.0.0.0/8` is `10.0.0.0-10.255.255.255`; null where it holds the zero address alone. @throws RangeError when it is no prefix */
export const rangeOf = (text: string): string | null => {
  const prefix = parsePrefix(text)
  const last = filled(prefix, true)
  return isZero(last) ? null : `${addressText(notZero(filled(prefix, false)))}-${addressText(last)}`
}

const rangesOf = (prefixes: readonly string[]): string[] => [...new Set(prefixes.map(rangeOf).filter(isThere))]

const overlap = (a: Prefix, b: Prefix): boolean => inPrefix(a.bytes, b) || inPrefix(b.bytes, a)

/** Its own relays as clients know them, and as they are bound: behind 1:1 NAT coturn judges what it has translated already. */
const allowed = ({ peers }: TurnConfig, { told, relay }: ServerAddresses): string[] => [
  ...peers.allow,
  ...[told[4], told[6], relay[4], relay[6]].filter(isThere),
]

/** What holds as long as the process runs. */
export const fixedRanges = (config: TurnConfig, addresses: ServerAddresses): PeerRanges => ({
  allow: rangesOf(allowed(config, addresses)),
  deny: rangesOf([
    ...deniedPrefixes.map(([prefix]) => prefix),
    ...wellKnownForms,
    ...config.peers.deny,
    ...addresses.machine,
  ]),
})

/** What changes with the place around: `peers.json`. */
export const changingRanges = (around: TurnPeers): PeerRanges => ({
  allow: rangesOf(around.relays),
  deny: rangesOf([...around.deny, ...around.nat64]),
})

/** coturn refuses loopback peers before it looks at what is allowed, unless it is told not to. */
export const allowsLoopback = (config: TurnConfig, addresses: ServerAddresses): boolean =>
  allowed(config, addresses).some((prefix) => loopback.some((each) => overlap(each, parsePrefix(prefix))))
