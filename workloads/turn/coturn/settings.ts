/**
 * `turnserver.conf`: a setting a line, `name` or `name=value` (coturn's README.turnserver). No secret is in it: the keys lie
 * in the database, where they can be changed while coturn runs.
 */
import { exitCodes } from '../../contract/exit-codes.ts'
import { StartError } from '../../contract/start-error.ts'
import type { TurnConfig } from '../../contract/turn-config.ts'
import { addressBytes, addressText } from '../../kit/address/text.ts'
import type { ServerAddresses } from '../address/machine.ts'
import { allowsLoopback, type PeerRanges } from './peers.ts'

/** Names in coturn's folder, where it is started: a path of somebody's machine may hold what the file cannot. */
export const coturnFiles = {
  settings: 'turnserver.conf',
  database: 'turnserver.sqlite',
  process: 'turnserver.pid',
  certificate: 'tls.crt',
  privateKey: 'tls.key',
} as const

export type Setting = readonly [name: string, value?: string | number]

/** A nonce is good for as long as with the other engine, seconds. */
const nonceLifetime = 3600

/** What coturn can do besides and nobody asked for: each is something to attack, or makes unauthenticated answers longer. */
const turnedOff: readonly Setting[] = [
  ['no-cli'],
  ['no-dtls'],
  ['no-tcp-relay'],
  ['no-multicast-peers'],
  ['no-rfc5780'],
  ['no-stun-backward-compatibility'],
  ['response-origin-only-with-rfc5780'],
  ['no-software-attribute'],
  ['no-dynamic-realms'],
  ['no-auth-pings'],
]

const canonical = (address: string): string => addressText(addressBytes(address))

const listening = ({ listen }: TurnConfig, addresses: ServerAddresses, tls: boolean): Setting[] => {
  const list = addresses.listen.map(canonical)
  return [
    ...list.map((address): Setting => ['listening-ip', address]),
    ['listening-port', listen.port],
    ...(listen.tcp ? [] : [['no-tcp'] as const]),
    ...(listen.tcp && tls ? secured(listen.port) : [['no-tls'] as const]),
    ...listen.tcpPorts.flatMap((port) => list.map((ip): Setting => ['aux-server', endpoint(ip, port)])),
  ]
}

const endpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** The first byte tells TLS from TURN, so that one port serves both. */
const secured = (port: number): Setting[] => [
  ['tls-listening-port', port],
  ['cert', coturnFiles.certificate],
  ['pkey', coturnFiles.privateKey],
  ['no-tlsv1'],
  ['no-tlsv1_1'],
]

const relaying = ({ relay }: TurnConfig, addresses: ServerAddresses): Setting[] => [
  ['min-port', relay.min],
  ['max-port', relay.max],
  ...([4, 6] as const).flatMap((family): Setting[] => {
    const [bound, told] = [addresses.relay[family], addresses.told[family]]
    if (bound === null || told === null) return []
    const mapped = `${canonical(told)}/${canonical(bound)}`
    return [['relay-ip', canonical(bound)], ...(told === bound ? [] : [['external-ip', mapped] as const])]
  }),
]

const bounded = ({ limits, lifetime }: TurnConfig): Setting[] => [
  ['total-quota', limits.allocations],
  ['user-quota', limits.allocationsPerCredential],
  ...(limits.bandwidth === null ? [] : [['max-bps', limits.bandwidth] as const]),
  ...(limits.bandwidthTotal === null ? [] : [['bps-capacity', limits.bandwidthTotal] as const]),
  ['max-allocate-lifetime', lifetime.max],
]

const peers = ({ allow, deny }: PeerRanges, loopback: boolean): Setting[] => [
  ...(loopback ? [['allow-loopback-peers'] as const] : []),
  ...allow.map((range): Setting => ['allowed-peer-ip', range]),
  ...deny.map((range): Setting => ['denied-peer-ip', range]),
]

/** `tls` where there is a certificate. */
export const coturnSettings = (
  config: TurnConfig,
  addresses: ServerAddresses,
  ranges: PeerRanges,
  tls: boolean,
): Setting[] => [
  ['realm', config.realm],
  ['use-auth-secret'],
  ['userdb', coturnFiles.database],
  ['pidfile', coturnFiles.process],
  ['stale-nonce', nonceLifetime],
  ...turnedOff,
  ...(config.forceRelayOnly ? [['no-stun'] as const] : []),
  ...listening(config, addresses, tls),
  ...relaying(config, addresses),
  ...bounded(config),
  ...peers(ranges, allowsLoopback(config, addresses)),
]

/** What a value may consist of: nothing that ends the line, quotes, comments or separates. */
const plain = /^[\w.:[\]/-]+$/

const line = ([name, value]: Setting): string => {
  if (value === undefined) return name
  const text = String(value)
  if (plain.test(text)) return `${name}=${text}`
  throw new StartError(
    `config.yaml: ${name}: found ${JSON.stringify(text)}; allowed with coturn: letters, digits and . : - _ /`,
    exitCodes.config,
  )
}

/** The file's text. @throws StartError when a value would be read as something else */
export const settingsText = (settings: readonly Setting[]): string => `${settings.map(line).join('\n')}\n`
