/** The addresses of this machine that clients in the same network can use. */
import { isIP } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'
import type { TurnNode } from '../../render/facts.ts'

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>

const loopback = '127.0.0.1'

const all = (interfaces: Interfaces): NetworkInterfaceInfo[] => Object.values(interfaces).flatMap((list) => list ?? [])

/** The first IPv4 address that is not loopback, else loopback. */
export const lanAddress = (interfaces: Interfaces): string =>
  all(interfaces).find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? loopback

/** Link-local addresses need a zone, which no client is told. */
const lanIpv6 = (interfaces: Interfaces): string | null =>
  all(interfaces).find(({ family, internal, scopeid }) => family === 'IPv6' && !internal && !scopeid)?.address ?? null

const isLoopback = (address: string): boolean => address.startsWith('127.')

export type Listening = {
  /** Address that clients are told. */
  address: string
  /** Local address that mail binds. */
  mail: string
  turn: TurnNode
}

/**
 * How to listen so that clients reach `address`. A loopback address binds loopback alone; an address that is not this
 * machine's is told to clients while the relay binds this machine's own (1:1 NAT).
 */
export const listening = (address: string, interfaces: Interfaces): Listening => {
  const node = { name: 'local', hostname: null, publicIpv6: null }
  if (isLoopback(address))
    return {
      address,
      mail: address,
      turn: { ...node, listen: [address], ipv4: address, ipv6: null, publicIpv4: null },
    }
  const own = all(interfaces).some((info) => info.address === address)
  const hasIpv6 = all(interfaces).some(({ family }) => family === 'IPv6')
  return {
    address,
    mail: hasIpv6 ? '::' : '0.0.0.0',
    turn: {
      ...node,
      listen: hasIpv6 ? ['0.0.0.0', '::'] : ['0.0.0.0'],
      ipv4: own ? address : lanAddress(interfaces),
      ipv6: lanIpv6(interfaces),
      publicIpv4: own ? null : address,
    },
  }
}

export const isIpv4 = (text: string): boolean => isIP(text) === 4
