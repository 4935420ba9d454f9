/** With several relays, node drains take one at a time. For a single one a budget would only block the drain. */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import type { Facts } from '../facts.ts'
import { names } from '../names.ts'
import { metadata, type PodDisruptionBudget, selectorLabels } from '../objects.ts'

export const turnBudget = (server: ChatmailServer, { turnNodes }: Facts): PodDisruptionBudget[] =>
  turnNodes.length < 2
    ? []
    : [
        {
          apiVersion: 'policy/v1',
          kind: 'PodDisruptionBudget',
          metadata: metadata(server, 'turn', names.turnBudget(server)),
          spec: { maxUnavailable: 1, selector: { matchLabels: selectorLabels(server, 'turn') } },
        },
      ]
