/** Puts a TURN server together from its configuration: everything but the listeners and the process. */
import { randomBytes, randomInt } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import type { Registry as MetricsRegistry } from 'prom-client'
import type { Keyring } from '../contract/keyring.ts'
import type { TurnConfig } from '../contract/turn-config.ts'
import type { SourceLimits } from '../kit/limits/token-bucket.ts'
import { addressBytes, addressText, type Family } from './address/text.ts'
import { DataPath } from './allocations/data-path.ts'
import { TurnEngine } from './allocations/engine.ts'
import { newTraffic } from './allocations/observer.ts'
import { Quotas } from './allocations/quotas.ts'
import { Registry } from './allocations/registry.ts'
import { Reservations } from './allocations/reservations.ts'
import { TransactionIds } from './allocations/transaction-ids.ts'
import { Authenticator } from './auth/authenticate.ts'
import { Nonces } from './auth/nonce.ts'
import { Drain } from './drain/drain.ts'
import { type TurnCounts, turnMetrics } from './metrics/metrics.ts'
import { type PeerPolicy, peerPolicy } from './peers/policy.ts'
import { relaySockets } from './relay/relay-sockets.ts'

export type TurnServer = {
  engine: TurnEngine
  registry: Registry
  drain: Drain
  counts: () => TurnCounts
  socketFailed: () => void
}

/**
 * Answers to requests that nobody has authenticated, a second and at once, for one source. The server cannot be made to
 * send more than this to a spoofed address, and a hundred clients behind one address can still start calls at once.
 */
const unauthenticatedAnswers: SourceLimits = { rate: 100, burst: 500, sources: 10_000 }

type Addresses = Record<Family, string | null>

/** What clients are told for each family: the public address, or else the bound one. */
const toldAddresses = ({ relay }: TurnConfig): Addresses => ({
  4: relay.ipv4 && (relay.publicIpv4 ?? relay.ipv4),
  6: relay.ipv6 && (relay.publicIpv6 ?? relay.ipv6),
})

const machineAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => addressText(addressBytes(address))),
  )

/** The machine's own addresses are denied, because what listens on them trusts who comes from there. */
const policyOf = ({ peers, relay }: TurnConfig, told: Addresses): PeerPolicy =>
  peerPolicy({
    allow: peers.allow,
    deny: [...peers.deny, ...machineAddresses()],
    own: [told[4], told[6]].filter((address) => address !== null),
    relayPorts: { min: relay.min, max: relay.max },
  })

const monotonic = (): number => performance.now()

export const assembleTurn = (config: TurnConfig, keyring: () => Keyring, metrics: MetricsRegistry): TurnServer => {
  const traffic = newTraffic()
  const drain = new Drain()
  const told = toldAddresses(config)
  const { observer, socketFailed } = turnMetrics(metrics, traffic, () => counts())
  const dataPath = new DataPath({
    ports: { min: config.relay.min, max: config.relay.max },
    openSocket: relaySockets({ addresses: { 4: config.relay.ipv4, 6: config.relay.ipv6 }, failed: socketFailed }),
    random: (below) => randomInt(below),
    transactionIds: new TransactionIds(randomBytes(12)),
    observer,
    traffic,
    now: monotonic,
  })
  const quotas = new Quotas(config.limits)
  const registry = new Registry(dataPath, quotas)
  const reservations = new Reservations(quotas, (relay) => dataPath.closeRelay(relay))
  const counts = (): TurnCounts => ({
    allocations: registry.size,
    ...registry.counts(),
    reservations: reservations.size,
    relays: dataPath.openRelays,
  })
  const engine = new TurnEngine({
    services: {
      dataPath,
      registry,
      quotas,
      reservations,
      peers: policyOf(config, told),
      relayAddresses: told,
      lifetimes: config.lifetime,
      limits: config.limits,
      draining: () => drain.active,
      randomBytes,
    },
    authenticator: authenticatorOf(config, keyring),
    unauthenticatedAnswers,
    observer,
    now: monotonic,
  })
  return { engine, registry, drain, counts, socketFailed }
}

const authenticatorOf = ({ realm }: TurnConfig, keyring: () => Keyring): Authenticator =>
  new Authenticator({
    realm,
    keyring,
    nonces: new Nonces(randomBytes(32), () => monotonic() / 1000),
    now: () => Date.now() / 1000,
  })
