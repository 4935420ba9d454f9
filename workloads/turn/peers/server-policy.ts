/** The policy of one server: its configuration, the machine it runs on and what it is told of the place around it. */
import type { TurnConfig } from '../../contract/turn-config.ts'
import type { TurnPeers } from '../../contract/turn-peers.ts'
import type { ServerAddresses } from '../address/machine.ts'
import type { DenyGroup } from './denied-prefixes.ts'
import { type PeerPolicy, peerPolicy } from './policy.ts'

const counted = (prefixes: readonly string[], group: DenyGroup) => prefixes.map((prefix) => [prefix, group] as const)

/** The machine's own addresses are denied, because what listens on them trusts who comes from there. */
export const serverPolicy = (
  { peers, relay }: TurnConfig,
  { machine, told }: ServerAddresses,
  around: TurnPeers,
): PeerPolicy =>
  peerPolicy({
    allow: peers.allow,
    deny: [...counted(peers.deny, 'configured'), ...counted(machine, 'machine'), ...counted(around.deny, 'cluster')],
    own: [told[4], told[6], ...around.relays].filter((address) => address !== null),
    relayPorts: { min: relay.min, max: relay.max },
    nat64: around.nat64,
  })
