/** All objects that a server consists of, from the resource and the facts alone: the table of contents. */
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import { serviceAccount } from './accounts.ts'
import { issuedCertificate } from './certificate.ts'
import type { Facts, TurnNode } from './facts.ts'
import { configMap, fileText, relaysText, secrets } from './files.ts'
import { renderIrohConfig } from './iroh/config.ts'
import { irohNetworkPolicy, irohService } from './iroh/service.ts'
import { irohWorkload } from './iroh/workload.ts'
import { renderMailConfig } from './mail/config.ts'
import { mailNetworkPolicy } from './mail/network-policy.ts'
import { mailService } from './mail/service.ts'
import { mailVolume } from './mail/storage.ts'
import { mailWorkload } from './mail/workload.ts'
import { monitoring } from './monitoring/monitoring.ts'
import { names } from './names.ts'
import type { KubernetesObject } from './objects.ts'
import { turnBudget } from './turn/budget.ts'
import { renderTurnConfig } from './turn/config.ts'
import { turnService } from './turn/service.ts'
import { turnNodeLabel, turnWorkload } from './turn/workload.ts'

const mail = (server: ChatmailServer, facts: Facts): KubernetesObject[] => {
  const config = fileText(renderMailConfig(server, facts))
  return [
    serviceAccount(server, 'mail', names.mail(server)),
    configMap(server, 'mail', names.mailConfig(server), { [mountedFiles.config]: config }),
    configMap(server, 'mail', names.relays(server), { [mountedFiles.relays]: relaysText(server, facts) }),
    ...mailVolume(server, facts),
    mailNetworkPolicy(server, facts),
    mailService(server, facts),
    mailWorkload(server, facts, config),
  ]
}

const turnOn =
  (server: ChatmailServer, facts: Facts) =>
  (node: TurnNode): KubernetesObject[] => {
    const config = fileText(renderTurnConfig(server, facts, node))
    const settings = configMap(server, 'turn', names.turnConfig(server, node), { [mountedFiles.config]: config })
    settings.metadata.labels[turnNodeLabel] = node.name
    return [settings, turnWorkload(server, facts, node, config)]
  }

const turn = (server: ChatmailServer, facts: Facts): KubernetesObject[] =>
  server.spec.turn.enabled
    ? [
        serviceAccount(server, 'turn', names.turnAccount(server)),
        configMap(server, 'turn', names.turnPeers(server), { [mountedFiles.peers]: fileText(facts.turnPeers) }),
        ...turnService(server),
        ...turnBudget(server, facts),
        ...facts.turnNodes.flatMap(turnOn(server, facts)),
      ]
    : []

const iroh = (server: ChatmailServer, facts: Facts): KubernetesObject[] => {
  if (server.spec.iroh.mode !== 'Managed') return []
  const config = fileText(renderIrohConfig(server, facts))
  return [
    serviceAccount(server, 'iroh', names.iroh(server)),
    configMap(server, 'iroh', names.irohConfig(server), { [mountedFiles.config]: config }),
    irohNetworkPolicy(server, facts),
    irohService(server),
    irohWorkload(server, facts, config),
  ]
}

/** The desired objects, in an order in which they can be applied. */
export const render = (server: ChatmailServer, facts: Facts): KubernetesObject[] => [
  ...secrets(server, facts),
  ...issuedCertificate(server, facts),
  ...turn(server, facts),
  ...iroh(server, facts),
  ...mail(server, facts),
  ...monitoring(server, facts),
]
