/** What the process and its threads say to each other. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { Keyring } from '../../contract/keyring.ts'
import type { TurnConfig } from '../../contract/turn-config.ts'
import type { TurnPeers } from '../../contract/turn-peers.ts'
import type { ServerAddresses } from '../address/machine.ts'
import type { PortShare } from '../allocations/relay-ports.ts'
import type { TurnCounts } from '../metrics/gauges.ts'
import type { SharedCounts } from './shared-quotas.ts'

export type ThreadOptions = {
  config: TurnConfig
  addresses: ServerAddresses
  keyring: Keyring
  peers: TurnPeers
  share: PortShare
  counts: SharedCounts
}

export type ToThread =
  /** Every thread has bound its sockets. */
  | { kind: 'serve' }
  | { kind: 'keyring'; value: Keyring }
  | { kind: 'peers'; value: TurnPeers }
  | { kind: 'drain' }
  | { kind: 'ask'; id: number; about: 'counts' | 'metrics' }

export type ThreadMetrics = MetricObjectWithValues<MetricValue<string>>[]
export type Counted = { counts: TurnCounts; byKey: Record<string, number> }

export const nothingCounted: Counted = {
  counts: { allocations: 0, permissions: 0, channels: 0, reservations: 0, relays: 0 },
  byKey: {},
}

export type FromThread =
  | { kind: 'bound'; listeners: number }
  | { kind: 'failed'; message: string; exitCode: number }
  | { kind: 'answer'; id: number; answer: Counted | ThreadMetrics }
