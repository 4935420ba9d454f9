/**
 * Which peers may be relayed to, and at which ports. An address is judged in its own form and in every IPv4 form inside
 * it; the narrowest verdict counts.
 */

import { addressBytes } from '../../kit/address/text.ts'
import { PrefixTable } from '../address/prefix-table.ts'
import { type DenyGroup, deniedPrefixes } from './denied-prefixes.ts'
import { embeddedIpv4 } from './embedded-ipv4.ts'

/** Ports that may be sent to, both ends included. */
export type PortRange = { min: number; max: number }

export type PeerPolicyOptions = {
  /** Prefixes that override everything else. */
  allow: readonly string[]
  /** Prefixes on top of the built-in list, each with the group that it is counted under. */
  deny: Iterable<readonly [prefix: string, group: DenyGroup]>
  /** Relayed addresses of this server as clients see them: two clients of one server meet there. */
  own: readonly string[]
  relayPorts: PortRange
  /** NAT64 prefixes besides the well-known ones. */
  nat64?: readonly string[]
}

/** The ports of a peer's address, or why it must be refused with 403. */
export type Verdict = PortRange | DenyGroup

export type PeerPolicy = (address: string) => Verdict

const everyPort: PortRange = { min: 1, max: 65535 }
/** Below are the services that answer more than they were asked: DNS, NTP, SNMP. */
const unprivilegedPorts: PortRange = { min: 1024, max: 65535 }

const narrower = (a: Verdict, b: Verdict): Verdict => {
  if (typeof a === 'string') return a
  if (typeof b === 'string') return b
  const range = { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) }
  return range.min <= range.max ? range : 'port'
}

export const peerPolicy = (options: PeerPolicyOptions): PeerPolicy => {
  const allow = new PrefixTable(options.allow.map((prefix) => [prefix, true]))
  const own = new PrefixTable(options.own.map((address) => [address, true]))
  const builtIn = deniedPrefixes.map(([prefix, group]) => [prefix, group] as const)
  const deny = new PrefixTable<DenyGroup>([...builtIn, ...options.deny])
  const judge = (bytes: Uint8Array): Verdict => {
    if (allow.find(bytes)) return everyPort
    if (own.find(bytes)) return options.relayPorts
    return deny.find(bytes) ?? unprivilegedPorts
  }
  const embedded = embeddedIpv4(options.nat64 ?? [])
  return (address) => {
    const bytes = addressBytes(address)
    return embedded(bytes).map(judge).reduce(narrower, judge(bytes))
  }
}

export const portAllowed = ({ min, max }: PortRange, port: number): boolean => port >= min && port <= max
