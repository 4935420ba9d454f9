/** What a pass has seen, as status tells it. Pure. */

import { reachableByName } from '../../workloads/contract/invite.ts'
import { mailConfig } from '../../workloads/contract/mail-config.ts'
import { seconds } from '../api/quantities.ts'
import type { Status } from '../api/status.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Facts } from '../render/facts.ts'
import { renderMailConfig } from '../render/mail/config.ts'
import { names } from '../render/names.ts'
import { selectorLabels } from '../render/objects.ts'
import { dnsRecords, dnsVerdict } from '../status/dns.ts'
import { exposedVerdict } from '../status/exposure.ts'
import { irohVerdict } from '../status/iroh.ts'
import { keysStatus, keysVerdict } from '../status/keys.ts'
import { mailVerdict, refusal, type WorkloadLike } from '../status/mail.ts'
import { podProblem } from '../status/pod-problem.ts'
import { openPorts } from '../status/ports.ts'
import { turnVerdict } from '../status/turn.ts'
import type { Verdict, Verdicts } from '../status/verdict.ts'
import type { KeysStep } from '../turnkeys/step.ts'
import type { CertificateStep } from './certificate.ts'
import type { Gathered } from './gather.ts'
import type { IrohStep } from './iroh.ts'
import type { Problem } from './outcome.ts'
import { nodeAddresses, publicAddressAnnotation } from './placement/public-address.ts'
import { addressOf, type RelaysStep } from './relays.ts'
import { nodeOf } from './rollout.ts'
import { isOver, isPodReady, isTerminating, type Node, type Pod } from './view.ts'

export type Decisions = {
  keys: KeysStep
  certificate: CertificateStep
  relays: RelaysStep
  iroh: IrohStep
  facts: Facts
  problem: Problem | null
}

/** Status without conditions and generation. */
export type Observed = { verdicts: Verdicts; details: Omit<Status, 'conditions' | 'observedGeneration'> }

const addressOfNode = (node: Node | undefined): string | null => {
  if (!node) return null
  const annotated = node.metadata.annotations?.[publicAddressAnnotation]?.split(',')[0]?.trim()
  return annotated || (nodeAddresses(node, 'ExternalIP')[0] ?? nodeAddresses(node, 'InternalIP')[0] ?? null)
}

/** What is wrong with pods that are about to go, or have ended for good, is no news. */
const goesOn = (pod: Pod): boolean => !isTerminating(pod) && !isOver(pod)

/** What clients of mail connect to; null while there is nothing. */
const mailAddress = ({ server, live, mailPods, nodes }: Gathered): string | null => {
  const { type } = server.spec.exposure
  const service = live.get(`Service/${names.mail(server)}`)
  if (type === 'ClusterIP') return service ? `${names.mail(server)}.${server.metadata.namespace}.svc` : null
  if (type === 'LoadBalancer') return addressOf(service)
  const pod = mailPods.find(isPodReady) ?? mailPods[0]
  return addressOfNode(nodes.find(({ metadata }) => metadata.name === pod?.spec.nodeName))
}

const turnBalancer = ({ server, live }: Gathered): string | null | undefined => {
  const { enabled, exposure } = server.spec.turn
  return enabled && exposure === 'LoadBalancer'
    ? addressOf(live.get(`Service/${names.turnService(server)}`))
    : undefined
}

/** What the name of the relays stands for. */
const relayAddresses = (gathered: Gathered, { relays }: RelaysStep): string[] =>
  gathered.server.spec.turn.exposure === 'LoadBalancer'
    ? [turnBalancer(gathered) ?? []].flat()
    : relays.flatMap(({ node }) => [node.publicIpv4 ?? [], node.publicIpv6 ?? []].flat())

const refusedPort = ({ problem }: Decisions): string | null =>
  problem?.reason === 'NodePortRefused' ? problem.message : null

const deployments = ({ live }: Gathered): KubeObject[] =>
  [...live.values()].filter((object) => nodeOf(object) !== undefined)

const turn = (gathered: Gathered, { relays, facts, problem }: Decisions): Verdict<'TurnAvailable'> => {
  const forbidden = problem?.reason === 'NamespaceForbidsHostNetwork' ? problem.message : null
  return turnVerdict(gathered.server, {
    ...relays,
    told: facts.turnEndpoints.length,
    problems: gathered.turnPods.filter(goesOn).flatMap((pod) => podProblem(pod) ?? []),
    refused:
      deployments(gathered)
        .map((object) => refusal(object as WorkloadLike))
        .find(Boolean) ?? null,
    hostNetworkForbidden: forbidden,
  })
}

/** As many as the schema allows; there are more while relays of many nodes move. */
const mostRelays = 100

const endpoints = (address: string | null, { relays }: RelaysStep, irohUrl: string | null): Status['endpoints'] => ({
  ...(address ? { mail: address } : {}),
  turn: relays.slice(0, mostRelays).map(({ nodeName, host, port, state, reason }) => ({
    node: nodeName ?? 'load balancer',
    ...(host ? { host } : {}),
    port,
    state,
    ...(reason ? { reason: reason.slice(0, 1000) } : {}),
  })),
  ...(irohUrl ? { iroh: irohUrl } : {}),
})

const invite = ({ server }: Gathered, facts: Facts): string | undefined => {
  const mail = mailConfig.parse(renderMailConfig(server, facts)).public
  return reachableByName(server.spec.domain, mail) ? `dcaccount:${server.spec.domain}` : undefined
}

const scale = ({ server }: Gathered, { relays }: RelaysStep) => ({
  turnReplicas: Math.min(mostRelays, relays.filter(({ state }) => state === 'Ready').length),
  turnSelector: Object.entries(selectorLabels(server, 'turn'))
    .map(([key, value]) => `${key}=${value}`)
    .join(','),
})

export const observe = (
  gathered: Gathered,
  decisions: Decisions,
  found: ReadonlyMap<string, readonly string[]>,
): Observed => {
  const { server, live, mailPods } = gathered
  const { keys, certificate, relays, iroh, facts } = decisions
  const address = mailAddress(gathered)
  const hosts = relayAddresses(gathered, relays)
  const dns = dnsRecords(server, address, hosts, found)
  const workload = live.get(`StatefulSet/${names.mail(server)}`) ?? live.get(`Deployment/${names.mail(server)}`)
  const link = invite(gathered, facts)
  return {
    verdicts: {
      MailAvailable: mailVerdict(workload as WorkloadLike | undefined, mailPods.filter(goesOn)),
      TurnAvailable: turn(gathered, decisions),
      IrohAvailable: irohVerdict(server, iroh.seen),
      CertificateReady: certificate.verdict,
      KeysReady: keysVerdict(keys.rotation),
      Exposed: exposedVerdict(server, address, turnBalancer(gathered), refusedPort(decisions)),
      DNSReady: dnsVerdict(server, dns),
    },
    details: {
      endpoints: endpoints(address, relays, iroh.url),
      ports: openPorts(server, address, relays.relays, facts.nodePorts),
      dns,
      turnKeys: keysStatus(keys.rotation.ring, seconds(server.spec.turn.credentials.rotation.interval)),
      ...scale(gathered, relays),
      ...(link ? { invite: link } : {}),
    },
  }
}
