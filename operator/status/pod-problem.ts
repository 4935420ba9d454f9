/** What keeps a pod from running, in words that say what to do: from the scheduler, the kubelet and the exit code. */
import { exitCodes } from '../../workloads/contract/exit-codes.ts'

export type PodProblem = {
  reason: 'PortTaken' | 'ImageNotPulled' | 'Crashing' | 'NoRoom' | 'Starting'
  message: string
}

type State = {
  waiting?: { reason?: string; message?: string }
  terminated?: { exitCode: number; reason?: string }
}
type PodLike = {
  metadata: { namespace?: string; labels?: Record<string, string> }
  status?: {
    conditions?: { type: string; status: string; message?: string }[]
    containerStatuses?: { state?: State; lastState?: State }[]
  }
}

const pulling = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'])

const portTaken = (where: string): PodProblem => ({
  reason: 'PortTaken',
  message: `A port that the pod needs is taken ${where}. Free it, or set another one in spec.turn.port, spec.monitoring.ports or spec.exposure.ports.`,
})

const unscheduled = (message: string): PodProblem =>
  /free ports/.test(message)
    ? portTaken('by another pod on the node')
    : { reason: 'NoRoom', message: `The pod finds no node: ${message}` }

/** By labels: the name of a pod would change the message at each restart. */
const logsOf = ({ metadata: { labels = {}, namespace } }: PodLike): string => {
  const selector = ['instance', 'component']
    .map((key) => `app.kubernetes.io/${key}`)
    .map((key) => `${key}=${labels[key]}`)
  return `kubectl -n ${namespace} logs -l ${selector.join(',')} --previous`
}

const crashed = (pod: PodLike, { exitCode, reason }: { exitCode: number; reason?: string }): PodProblem => {
  if (exitCode === exitCodes.unavailable) return portTaken('by another program on the node')
  if (reason === 'OOMKilled')
    return { reason: 'Crashing', message: 'The pod needs more memory than its limit. Raise resources.limits.memory.' }
  return { reason: 'Crashing', message: `The pod ends with exit code ${exitCode}. ${logsOf(pod)} tells why.` }
}

const waiting = (reason: string, message: string | undefined): PodProblem =>
  pulling.has(reason)
    ? {
        reason: 'ImageNotPulled',
        message: `The node cannot get the image (${reason}). Check spec.image, spec.imagePullSecrets and the way to the registry.`,
      }
    : { reason: 'Starting', message: `The pod waits: ${reason}${message ? `, ${message}` : ''}` }

/** Null where nothing is known to be wrong. */
export const podProblem = (pod: PodLike): PodProblem | null => {
  const { conditions = [], containerStatuses = [] } = pod.status ?? {}
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False') return unscheduled(scheduled.message ?? 'not told why')
  for (const { state, lastState } of containerStatuses) {
    const ended =
      state?.terminated ?? (state?.waiting?.reason === 'CrashLoopBackOff' ? lastState?.terminated : undefined)
    if (ended) return crashed(pod, ended)
    if (state?.waiting && state.waiting.reason !== 'ContainerCreating')
      return waiting(state.waiting.reason ?? 'unknown', state.waiting.message)
  }
  return null
}
