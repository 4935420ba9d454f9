/** Whether clients can read and send. */
import { podProblem } from './pod-problem.ts'
import type { Verdict } from './verdict.ts'

export type WorkloadLike = {
  metadata: { generation?: number }
  spec?: { replicas?: number }
  status?: {
    observedGeneration?: number
    readyReplicas?: number
    updatedReplicas?: number
    conditions?: { type: string; status: string; message?: string }[]
  }
}

type PodLike = Parameters<typeof podProblem>[0]

/** Why the API server does not let the controller make pods, or null. */
export const refusal = (workload: WorkloadLike | undefined): string | null =>
  workload?.status?.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')?.message ??
  null

/** True when the workload's controller has seen the last change and all its pods are of it. */
export const isCurrent = ({ metadata, spec, status }: WorkloadLike): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
  (status?.updatedReplicas ?? 0) >= (spec?.replicas ?? 1)

export const mailVerdict = (workload: WorkloadLike | undefined, pods: readonly PodLike[]): Verdict<'MailAvailable'> => {
  const ready = workload?.status?.readyReplicas ?? 0
  const wanted = workload?.spec?.replicas ?? 1
  if (ready > 0) return { status: 'True', reason: 'Available', message: `${ready} of ${wanted} mail pods work.` }
  const refused = refusal(workload)
  if (refused)
    return { status: 'False', reason: 'Forbidden', message: `The API server refuses the mail pod: ${refused}` }
  for (const pod of pods) {
    const problem = podProblem(pod)
    if (problem) return { status: 'False', ...problem }
  }
  return { status: 'False', reason: 'Starting', message: 'The mail pod starts.' }
}
