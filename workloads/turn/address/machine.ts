/** Which addresses of this machine a server binds and which ones clients are told, from its configuration. */
import { isIPv4 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'
import { exitCodes } from '../../contract/exit-codes.ts'
import { StartError } from '../../contract/start-error.ts'
import { type TurnConfig, thisMachine } from '../../contract/turn-config.ts'
import { addressBytes, addressText, type Family } from '../../kit/address/text.ts'

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>
type PerFamily = Record<Family, string | null>

export type ServerAddresses = {
  /** Local addresses of the client port. */
  listen: string[]
  /** Local address of relay sockets, null where the family is off. */
  relay: PerFamily
  /** The relay's address as clients are told it: the public one, or else the bound one. */
  told: PerFamily
  /** The bound one where clients are told another; null where it is the same, or a wildcard. */
  behind: PerFamily
  /** Every address of this machine. */
  machine: string[]
}

const wildcards: Record<Family, string> = { 4: '0.0.0.0', 6: '::' }

const all = (interfaces: Interfaces): NetworkInterfaceInfo[] => Object.values(interfaces).flatMap((list) => list ?? [])

const textOf = (address: string): string => addressText(addressBytes(address))

/** The first address of the family that others can reach; a link-local one needs a zone that nobody is told. */
const firstAddress = (interfaces: Interfaces, family: Family): string | null =>
  all(interfaces).find((each) => each.family === `IPv${family}` && !each.internal && !each.scopeid)?.address ?? null

/**
 * What stands for an address becomes one. On a host with several addresses a wildcard answers from whichever the system
 * picks, so that where the public address is one of this machine's own, that one is bound instead.
 */
const bound = (configured: string, family: Family, publicAddress: string | null, interfaces: Interfaces) => {
  if (configured === thisMachine) return firstAddress(interfaces, family)
  const own = publicAddress !== null && all(interfaces).some(({ address }) => textOf(address) === textOf(publicAddress))
  return configured === wildcards[family] && own ? publicAddress : configured
}

const relayAddress = ({ relay }: TurnConfig, family: Family, interfaces: Interfaces): string | null => {
  const configured = relay[`ipv${family}`]
  return configured && bound(configured, family, relay[`publicIpv${family}`], interfaces)
}

const listenAddress = ({ relay }: TurnConfig, address: string, interfaces: Interfaces): string => {
  const family = isIPv4(address) ? 4 : 6
  return bound(address, family, relay[`publicIpv${family}`], interfaces) ?? address
}

const behindNat = (bound: string | null, told: string | null): string | null =>
  bound === told || bound === wildcards[4] || bound === wildcards[6] ? null : bound

/** @throws StartError when this machine has none of the addresses that relays are to use. */
export const serverAddresses = (config: TurnConfig, interfaces: Interfaces): ServerAddresses => {
  const relay = { 4: relayAddress(config, 4, interfaces), 6: relayAddress(config, 6, interfaces) }
  if (relay[4] === null && relay[6] === null)
    throw new StartError('relay: this machine has no address besides loopback ones', exitCodes.unavailable)
  const { publicIpv4, publicIpv6 } = config.relay
  const told = { 4: relay[4] && (publicIpv4 ?? relay[4]), 6: relay[6] && (publicIpv6 ?? relay[6]) }
  return {
    listen: [...new Set(config.listen.addresses.map((address) => listenAddress(config, address, interfaces)))],
    relay,
    told,
    behind: { 4: behindNat(relay[4], told[4]), 6: behindNat(relay[6], told[6]) },
    machine: all(interfaces).map(({ address }) => textOf(address)),
  }
}
