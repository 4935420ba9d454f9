/** The names of the objects of one server. */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { TurnNode } from './facts.ts'

const named =
  (suffix: string) =>
  (server: ChatmailServer): string =>
    `${server.metadata.name}-${suffix}`

export const names = {
  mail: named('mail'),
  mailConfig: named('mail-config'),
  relays: named('relays'),
  mailData: named('mail-data'),
  keyring: named('turn-keyring'),
  turnPeers: named('turn-peers'),
  turnService: named('turn'),
  turnBudget: named('turn'),
  certificate: named('tls'),
  managementToken: named('management-token'),
  podMonitor: (server: ChatmailServer): string => server.metadata.name,
  alerts: (server: ChatmailServer): string => server.metadata.name,
  dashboards: named('dashboards'),
  /** A TURN workload is one a node. */
  turn: (server: ChatmailServer, node: Pick<TurnNode, 'name'>): string => `${server.metadata.name}-turn-${node.name}`,
  turnConfig: (server: ChatmailServer, node: TurnNode): string => `${server.metadata.name}-turn-${node.name}-config`,
  turnAccount: named('turn'),
  iroh: named('iroh'),
  irohConfig: named('iroh-config'),
} as const
