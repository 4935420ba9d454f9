/** Puts a TURN server together from its configuration: everything but the listeners and the process. */
import { randomBytes, randomInt } from 'node:crypto'
import type { Keyring } from '../contract/keyring.ts'
import type { TurnConfig } from '../contract/turn-config.ts'
import type { TurnPeers } from '../contract/turn-peers.ts'
import type { SourceLimits } from '../kit/limits/token-bucket.ts'
import type { ServerAddresses } from './address/machine.ts'
import { bandwidthOf } from './allocations/bandwidth.ts'
import type { DataPath } from './allocations/data-path.ts'
import { DatagramPath } from './allocations/datagram-path.ts'
import { TurnEngine } from './allocations/engine.ts'
import { judgeAgain } from './allocations/judge-again.ts'
import { newTraffic, type Observer, type Traffic } from './allocations/observer.ts'
import { Quotas, type QuotaTable } from './allocations/quotas.ts'
import { Registry } from './allocations/registry.ts'
import { type PortShare, wholeRange } from './allocations/relay-ports.ts'
import { Reservations } from './allocations/reservations.ts'
import { TransactionIds } from './allocations/transaction-ids.ts'
import { Authenticator } from './auth/authenticate.ts'
import { Nonces } from './auth/nonce.ts'
import { alternateFor } from './drain/alternate.ts'
import { Drain } from './drain/drain.ts'
import { serverPolicy } from './peers/server-policy.ts'
import { relaySockets } from './relay/relay-sockets.ts'

/** What changes while the server runs. */
export type Sources = { keyring: () => Keyring; peers: () => TurnPeers }

export type TurnServer = {
  engine: TurnEngine
  registry: Registry
  reservations: Reservations
  dataPath: DataPath
  drain: Drain
  traffic: Traffic
  /** Judges live permissions by what `peers` says now. */
  peersChanged: () => void
  /** Ends the allocations of keys that `keyring` says are revoked. */
  keyringChanged: () => void
}

/**
 * Answers to requests that nobody has authenticated, a second and at once, for one source. The server cannot be made to
 * send more than this to a spoofed address, and a hundred clients behind one address can still start calls at once.
 */
const unauthenticatedAnswers: SourceLimits = { rate: 100, burst: 500, sources: 10_000 }

const monotonic = (): number => performance.now()

/** Each part relays its share of the total: the kernel deals clients out evenly. */
const shareOf = (total: number | null, { count }: PortShare): number | null =>
  total === null ? null : Math.ceil(total / count)

type Telling = { observer: Observer; socketFailed: () => void }

const datagramPath = (
  config: TurnConfig,
  addresses: ServerAddresses,
  share: PortShare,
  traffic: Traffic,
  telling: Telling,
) =>
  new DatagramPath({
    ports: { min: config.relay.min, max: config.relay.max },
    share,
    openSocket: relaySockets({ addresses: addresses.relay, failed: telling.socketFailed }),
    random: (below) => randomInt(below),
    told: addresses.told,
    behind: addresses.behind,
    bandwidth: bandwidthOf(shareOf(config.limits.bandwidthTotal, share), monotonic()),
    transactionIds: new TransactionIds(randomBytes(12)),
    observer: telling.observer,
    traffic,
    now: monotonic,
  })

const authenticatorOf = ({ realm }: TurnConfig, keyring: () => Keyring): Authenticator =>
  new Authenticator({
    realm,
    keyring,
    nonces: new Nonces(randomBytes(32), () => monotonic() / 1000),
    now: () => Date.now() / 1000,
  })

/** What one of several servers in a process has of all: its ports, and how much everybody holds. */
export type Part = { share: PortShare; quotas: QuotaTable }

export const assembleTurn = (
  config: TurnConfig,
  addresses: ServerAddresses,
  sources: Sources,
  telling: Telling,
  { share, quotas }: Part = { share: wholeRange, quotas: new Quotas(config.limits) },
): TurnServer => {
  const { observer } = telling
  const traffic = newTraffic()
  const drain = new Drain()
  const dataPath = datagramPath(config, addresses, share, traffic, telling)
  const registry = new Registry(dataPath, quotas, observer)
  const reservations = new Reservations(quotas, (relay) => dataPath.closeRelay(relay))
  let policy = serverPolicy(config, addresses, sources.peers())
  const engine = new TurnEngine({
    services: {
      dataPath,
      registry,
      quotas,
      reservations,
      peers: (address) => policy(address),
      denied: observer.denied,
      relayAddresses: addresses.told,
      lifetimes: config.lifetime,
      limits: config.limits,
      draining: () => drain.active,
      alternate: (client) => alternateFor(sources.peers().alternates, client, (below) => randomInt(below)),
      randomBytes,
    },
    authenticator: authenticatorOf(config, sources.keyring),
    unauthenticatedAnswers,
    relayOnly: config.forceRelayOnly,
    observer,
    now: monotonic,
  })
  return {
    engine,
    registry,
    reservations,
    dataPath,
    drain,
    traffic,
    peersChanged: () => {
      policy = serverPolicy(config, addresses, sources.peers())
      judgeAgain(registry, policy, dataPath)
    },
    keyringChanged: () => registry.removeOf(sources.keyring().revoked ?? []),
  }
}
