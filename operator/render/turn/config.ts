/** `config.yaml` of the TURN workload on one node. */
import type { z } from 'zod'
import type { turnConfig } from '../../../workloads/contract/turn-config.ts'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { seconds } from '../../api/quantities.ts'
import type { Facts, TurnNode } from '../facts.ts'
import { managementPort } from '../ports.ts'

/** The realm is short, since every unauthenticated answer carries it: it must not amplify. */
const realm = 'chatmail'

export const renderTurnConfig = (server: ChatmailServer, facts: Facts, node: TurnNode): z.input<typeof turnConfig> => {
  const { turn, privacy } = server.spec
  return {
    realm,
    listen: { addresses: node.listen, port: turn.port },
    management: { address: facts.managementAddress, port: managementPort(server, facts.platform, 'turn') },
    relay: {
      ...turn.relayPorts,
      ipv4: node.ipv4,
      ipv6: node.ipv6,
      publicIpv4: node.publicIpv4,
      publicIpv6: node.publicIpv6,
    },
    limits: turn.limits,
    lifetime: {},
    peers: { deny: turn.peers.deny, allow: turn.peers.allow },
    forceRelayOnly: turn.forceRelayOnly,
    workers: turn.workers,
    drain: { deadline: seconds(turn.drain.deadline) },
    noLog: privacy.noLog,
  }
}
