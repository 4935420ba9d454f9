/**
 * Which peers may be relayed to, and at which ports. An address is judged in its own form and in every IPv4 form inside
 * it; the narrowest verdict counts.
 */
import { inPrefix, type Prefix, parsePrefix } from '../address/prefix.ts'
import { addressBytes } from '../address/text.ts'
import { deniedPrefixes } from './denied-prefixes.ts'
import { embeddedIpv4 } from './embedded-ipv4.ts'

/** Ports that may be sent to, both ends included. */
export type PortRange = { min: number; max: number }

export type PeerPolicyOptions = {
  /** Prefixes that override everything else. */
  allow: readonly string[]
  /** Prefixes on top of the built-in list. */
  deny: readonly string[]
  /** The server's relayed addresses as clients see them: two clients of one server meet there. */
  own: readonly string[]
  relayPorts: PortRange
}

/** The ports of a peer's address, null when it must be refused with 403. */
export type PeerPolicy = (address: string) => PortRange | null

const everyPort: PortRange = { min: 1, max: 65535 }
/** Below are the services that answer more than they were asked: DNS, NTP, SNMP. */
const unprivilegedPorts: PortRange = { min: 1024, max: 65535 }

const narrower = (a: PortRange | null, b: PortRange | null): PortRange | null => {
  if (!a || !b) return null
  const range = { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) }
  return range.min <= range.max ? range : null
}

export const peerPolicy = (options: PeerPolicyOptions): PeerPolicy => {
  const allow = options.allow.map(parsePrefix)
  const own = options.own.map(parsePrefix)
  const deny = [...deniedPrefixes.map(([prefix]) => prefix), ...options.deny].map(parsePrefix)
  const judge = (bytes: Uint8Array): PortRange | null => {
    const within = (prefix: Prefix) => inPrefix(bytes, prefix)
    if (allow.some(within)) return everyPort
    if (own.some(within)) return options.relayPorts
    return deny.some(within) ? null : unprivilegedPorts
  }
  return (address) => {
    const bytes = addressBytes(address)
    return embeddedIpv4(bytes).map(judge).reduce(narrower, judge(bytes))
  }
}

export const portAllowed = ({ min, max }: PortRange, port: number): boolean => port >= min && port <= max
