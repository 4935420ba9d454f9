/** Statuses of pods as kubelets and the scheduler of Kubernetes write them. */

export type PodStatus = {
  phase: string
  conditions: { type: string; status: string; reason?: string; message?: string }[]
  containerStatuses?: object[]
}

const since = '2026-01-01T00:00:00Z'
const scheduled = { type: 'PodScheduled', status: 'True' }
const container = (name: string, ready: boolean, more: object) => ({
  name,
  ready,
  started: ready,
  restartCount: 0,
  image: 'registry.example.org/chatmail-operator:test',
  imageID: '',
  ...more,
})

export const running = (name: string): PodStatus => ({
  phase: 'Running',
  conditions: [scheduled, { type: 'ContainersReady', status: 'True' }, { type: 'Ready', status: 'True' }],
  containerStatuses: [container(name, true, { state: { running: { startedAt: since } } })],
})

const notReady = [
  scheduled,
  { type: 'ContainersReady', status: 'False', reason: 'ContainersNotReady' },
  { type: 'Ready', status: 'False', reason: 'ContainersNotReady' },
]

/** It runs, and its probe has not succeeded yet. */
export const starting = (name: string): PodStatus => ({
  phase: 'Running',
  conditions: notReady,
  containerStatuses: [container(name, false, { state: { running: { startedAt: since } } })],
})

/** Another pod on the node has the host port. */
export const unschedulable: PodStatus = {
  phase: 'Pending',
  conditions: [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message:
        "0/2 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
    },
  ],
}

export const imagePullBackOff = (name: string): PodStatus => ({
  phase: 'Pending',
  conditions: notReady,
  containerStatuses: [
    container(name, false, {
      state: {
        waiting: {
          reason: 'ImagePullBackOff',
          message:
            'Back-off pulling image "registry.example.org/chatmail-operator:test": ErrImagePull: failed to resolve reference: dial tcp: lookup registry.example.org: no such host',
        },
      },
    }),
  ],
})

/** Ended with that code, and started again ever later. */
export const crashLoop = (name: string, exitCode: number, reason = 'Error'): PodStatus => ({
  phase: 'Running',
  conditions: notReady,
  containerStatuses: [
    container(name, false, {
      restartCount: 5,
      state: {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: `back-off 2m40s restarting failed container=${name} pod=chat-${name}-0_default(5a5f)`,
        },
      },
      lastState: {
        terminated: { exitCode, reason, startedAt: since, finishedAt: since, containerID: 'containerd://1' },
      },
    }),
  ],
})
