/** Asking pods at their management port what they have loaded. */
import { type WorkloadState, workloadState } from '../../workloads/contract/state.ts'
import type { Pod } from './view.ts'
import { isRunning } from './view.ts'

/** `host` is an IP. Null where there is no proper answer: unreachable, starting, another token. */
export type ReadState = (host: string, port: number, token: string) => Promise<WorkloadState | null>

const timeoutMs = 2000
/** A state is some hundred bytes; what is longer comes from something else. */
const maxBytes = 256 * 1024

const authority = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)

/** Over HTTP with the bearer token. */
export const readState: ReadState = async (host, port, token) => {
  try {
    const response = await fetch(`http://${authority(host, port)}/state`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    })
    const text = await response.text()
    if (response.status !== 200 || text.length > maxBytes) return null
    return workloadState.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** Pod uid → what it says, or null where it runs and does not answer. A pod that is not here does not run. */
export type States = ReadonlyMap<string, WorkloadState | null>

/** Pods are asked that do not seem to run too: the copies of pods lag, and one that has just started may answer. */
export const readStates = async (
  pods: readonly Pod[],
  port: number,
  token: string | null,
  read: ReadState,
): Promise<States> => {
  const asked = pods.map(async (pod): Promise<[string, WorkloadState | null][]> => {
    const { podIP } = pod.status ?? {}
    const state = podIP && token ? await read(podIP, port, token) : null
    return state || isRunning(pod) ? [[pod.metadata.uid!, state]] : []
  })
  return new Map((await Promise.all(asked)).flat())
}
