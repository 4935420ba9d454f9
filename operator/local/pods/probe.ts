/** HTTP probes as the kubelet makes them. */
import { get } from 'node:http'
import type { HttpProbe } from './plan.ts'

const timeoutMs = 3000

/** Whether the probe answers with success. `host` is where the pod's management port listens. */
const probeOnce = (host: string, { port, path }: HttpProbe): Promise<boolean> =>
  new Promise((resolve) => {
    const request = get({ host, port, path, agent: false, timeout: timeoutMs }, (response) => {
      response.resume()
      resolve(response.statusCode! >= 200 && response.statusCode! < 400)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })

/**
 * Probes until stopped: every `eagerMs` until the first success, then at the probe's period. `report` is told of the
 * first success, of `failureThreshold` failures in a row, and of the next success after them.
 */
export const watchProbe = (
  host: string,
  probe: HttpProbe,
  eagerMs: number,
  report: (success: boolean) => void,
): (() => void) => {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let success = false
  let failures = 0
  const judge = (answered: boolean) => {
    failures = answered ? 0 : failures + 1
    const now = answered || (success && failures < probe.failureThreshold)
    if (now === success) return
    success = now
    report(now)
  }
  const round = async () => {
    const answered = await probeOnce(host, probe)
    if (stopped) return
    judge(answered)
    if (!stopped) timer = setTimeout(round, success ? probe.periodMs : Math.min(eagerMs, probe.periodMs))
  }
  timer = setTimeout(round, eagerMs)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
