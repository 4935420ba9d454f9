/**
 * What a relay is up to. Ready is one whose pod is ready and of the last template, does not drain, has an address for clients,
 * and has been proved through it.
 */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { KubeObject } from '../kube/objects.ts'
import { isCurrent, type WorkloadLike } from '../status/mail.ts'
import { podProblem } from '../status/pod-problem.ts'
import type { Gathered } from './gather.ts'
import type { Proven } from './proofs.ts'
import { isOver, isPodReady, isTerminating, type Pod } from './view.ts'

export type RelayState = 'Starting' | 'Ready' | 'Draining' | 'Unreachable'

export type Judged = {
  state: RelayState
  /** Why it is not Ready: what is the case, why, and what to do. */
  reason: string | null
  /** True when it has no clients to lose: no pod that is ready, or one that nobody reaches. */
  idle: boolean
}

/** The pods of one relay and the Deployment that makes them. */
export type Running = { pods: readonly Pod[]; deployment: KubeObject | undefined }

const ready: Judged = { state: 'Ready', reason: null, idle: false }
const draining = (reason: string): Judged => ({ state: 'Draining', reason, idle: false })
const starting = (reason: string, idle: boolean): Judged => ({ state: 'Starting', reason, idle })

/** `proven` is null where there is nothing that clients could be told. */
export const judge = (
  gathered: Gathered,
  { pods, deployment }: Running,
  proven: (pod: Pod) => Proven | null,
): Judged => {
  const staying = pods.filter((pod) => !isTerminating(pod) && !isOver(pod))
  const pod = staying.find(isPodReady) ?? staying[0]
  if (pod && isPodReady(pod)) {
    // The pod of the template before is ready for a moment more, and about to go.
    if (!deployment || !isCurrent(deployment as WorkloadLike)) return draining('It is being replaced.')
    return judgeReady(gathered, pod, proven(pod))
  }
  if (pods.some(isTerminating)) return draining('Calls that run go on; no new ones are taken.')
  return starting(pod ? (podProblem(pod)?.message ?? 'The pod starts.') : 'The pod is not there yet.', true)
}

const judgeReady = ({ states, server }: Gathered, pod: Pod, proven: Proven | null): Judged => {
  if (states.get(pod.metadata.uid!)?.draining) return draining('It drains.')
  if (!proven) return starting(unnamed(server), true)
  if (proven.state === 'untried') return starting('It is being proved.', false)
  return proven.state === 'works' ? ready : { state: 'Unreachable', reason: proven.message, idle: true }
}

/** Why clients cannot be told of a relay that works otherwise. */
const unnamed = ({ spec, metadata }: ChatmailServer): string =>
  spec.turn.exposure === 'LoadBalancer'
    ? `The load balancer has given the Service ${metadata.name}-turn no address yet. kubectl -n ${metadata.namespace} describe service ${metadata.name}-turn tells more.`
    : 'It has an IPv6 address alone, which clients can be told by name only: set spec.turn.hostname to a name with that AAAA record.'
