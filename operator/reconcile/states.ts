/** Asking pods at their management port what they have loaded. */
import { request } from 'node:http'
import { type WorkloadState, workloadState } from '../../workloads/contract/state.ts'
import type { Pod } from './view.ts'
import { isRunning } from './view.ts'

/** `host` is an IP. Null where there is no proper answer: unreachable, starting, another token. */
export type ReadState = (host: string, port: number, token: string) => Promise<WorkloadState | null>

const timeoutMs = 2000
/** A state is some hundred bytes; what is longer comes from something else. */
const maxBytes = 256 * 1024

/** Over a connection of its own: a pool would keep one for every pod that there ever was. @throws where there is no proper answer */
const answerOf = (host: string, port: number, token: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { host, port, path: '/state', headers: { authorization: `Bearer ${token}` }, agent: false }
    const asked = request({ ...options, signal: AbortSignal.timeout(timeoutMs) }, (answer) => {
      const refuse = (why: string): void => {
        reject(new Error(why))
        asked.destroy()
      }
      let text = ''
      if (answer.statusCode !== 200) refuse(`answered with ${answer.statusCode}`)
      answer.once('error', reject).once('end', () => resolve(text))
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
        if (text.length > maxBytes) refuse('answered without end')
      })
    })
    asked.once('error', reject).end()
  })

/** Over HTTP with the bearer token. */
export const readState: ReadState = async (host, port, token) => {
  try {
    return workloadState.parse(JSON.parse(await answerOf(host, port, token)))
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
