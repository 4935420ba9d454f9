/** The rows of the table: what is measured, how much of it, and what we aim for. */
import { latency } from './scenarios/latency.ts'
import { logins } from './scenarios/logins.ts'
import { idleServer, idleSessions } from './scenarios/memory.ts'
import { prefetch } from './scenarios/prefetch.ts'
import { throughput } from './scenarios/throughput.ts'
import type { ServerName, StartOptions, Target } from './target.ts'

export type Row = {
  figure: string
  aim: string
  options?: StartOptions
  /** @param share of the full counts, in (0, 1] */
  measure: (target: Target, share: number) => Promise<string>
  /** Servers that have no such thing, and why. */
  without?: Partial<Record<ServerName, string>>
}

/** Hibernation after 30 s is what relays set. */
export const defaultOptions: StartOptions = { hibernateAfter: 30, sessions: 32 }

const ms = (value: number): string => `${value.toFixed(value < 1 ? 2 : value < 100 ? 1 : 0)} ms`

const part = (count: number, share: number): number => Math.max(1, Math.round(count * share))

const delivery = (senders: number, each: number, aim: number): Row => ({
  figure: `accepted and delivered, ${senders} sender${senders > 1 ? 's' : ''}; CPU each`,
  aim: `≥ ${aim}/s; ≤ 1.2 ms`,
  measure: async (target, share) => {
    await throughput(target, 'warm', senders, part(50, share))
    const { perSecond, cpuMs } = await throughput(target, 'measured', senders, part(each, share))
    return `${perSecond.toFixed(0)}/s; ${ms(cpuMs)}`
  },
})

const manySessions = 1000

const sessions = async (target: Target, share: number): Promise<string> => {
  const { kibEach, kibEachAfter } = await idleSessions(target, part(manySessions, share))
  return `${kibEach.toFixed(0)} KiB; ${kibEachAfter.toFixed(0)} KiB`
}

export const rows: readonly Row[] = [
  {
    figure: 'idle server',
    aim: '≤ 90 MB',
    measure: async (target) => `${(await idleServer(target)).toFixed(0)} MiB`,
  },
  {
    figure: 'submit → IDLE notice → FETCH, p50 / p99',
    aim: '≤ 3 / 8 ms',
    measure: async (target, share) => {
      const count = part(1000, share)
      const { p50, p99, messages } = await latency(target, count)
      return `${ms(p50)} / ${ms(p99)}${messages < count ? ` (of ${messages})` : ''}`
    },
  },
  delivery(1, 1500, 450),
  delivery(4, 500, 900),
  delivery(16, 200, 1300),
  {
    figure: 'CPU of TCP+TLS+LOGIN+SELECT+LOGOUT, one by one / 16 at once',
    aim: '≤ 1 ms',
    measure: async (target, share) => {
      const oneByOne = await logins(target, 1, part(500, share))
      return `${ms(oneByOne)} / ${ms(await logins(target, 16, part(1500, share)))}`
    },
  },
  {
    figure: '1000 messages: headers / one body, p50',
    aim: '≤ 13 / 0.28 ms',
    measure: async (target, share) => {
      const { headersMs, bodyMs } = await prefetch(target, part(1000, share))
      return `${ms(headersMs)} / ${ms(bodyMs)}`
    },
  },
  {
    figure: 'idle IMAP TLS session, of 1000; left after close',
    aim: '≤ 40 KB; given back',
    options: { hibernateAfter: 600, sessions: manySessions },
    measure: sessions,
  },
  {
    figure: 'idle IMAP TLS session hibernated; left after close',
    aim: '',
    options: { hibernateAfter: 1, sessions: manySessions },
    measure: sessions,
    without: { chatmail: 'one process holds all sessions, so there is nothing to hibernate' },
  },
]
