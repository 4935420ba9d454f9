/** The rows of the table: what is measured, how much of it, and what we aim for. */
import { connecting } from './scenarios/connecting.ts'
import { idleConnections } from './scenarios/idle.ts'
import { latency } from './scenarios/latency.ts'
import { relaying } from './scenarios/relaying.ts'
import type { Target } from './target.ts'

export type Row = {
  figure: string
  aim: string
  /** @param share of the full counts, in (0, 1] */
  measure: (target: Target, share: number) => Promise<string>
}

type Port = 'url' | 'secureUrl'
const over: Record<Port, string> = { url: 'plain', secureUrl: 'TLS' }

const part = (count: number, share: number): number => Math.max(1, Math.round(count * share))

const idle = (port: Port, aim: string): Row => ({
  figure: `idle connection, ${over[port]}, of 2000`,
  aim,
  measure: async (target, share) =>
    `${(await idleConnections(target, target[port], part(2000, share))).toFixed(1)} KiB`,
})

const relayed = (port: Port, pairs: number, packetBytes: number, count: number): Row => ({
  figure: `relayed, ${over[port]}, ${packetBytes} B, ${pairs} pair${pairs > 1 ? 's' : ''}; CPU each`,
  aim: port === 'url' ? 'within 20 % of upstream' : '',
  measure: async (target, share) => {
    const { perSecond, megabytesPerSecond, cpuMicroseconds } = await relaying(target, target[port], {
      pairs,
      count: part(count, share),
      packetBytes,
    })
    return `${(perSecond / 1000).toFixed(0)} k/s, ${megabytesPerSecond.toFixed(0)} MB/s; ${cpuMicroseconds.toFixed(1)} µs`
  },
})

const connected = (port: Port, atOnce: number): Row => ({
  figure: `connects, ${over[port]}, ${atOnce} at once; CPU each`,
  aim: '',
  measure: async (target, share) => {
    const found = await connecting(target, target[port], { count: part(2000, share), atOnce })
    return `${found.perSecond.toFixed(0)}/s; ${found.cpuMs.toFixed(2)} ms`
  },
})

export const rows: readonly Row[] = [
  idle('url', '≤ 8 KB'),
  idle('secureUrl', '≤ 36 KB'),
  relayed('url', 1, 1200, 400_000),
  relayed('url', 16, 1200, 25_000),
  relayed('url', 1, 100, 400_000),
  relayed('secureUrl', 1, 1200, 100_000),
  {
    figure: 'added latency, 1200 B, p50 / p99',
    aim: '',
    measure: async (target, share) => {
      const { p50, p99 } = await latency(target, part(5000, share))
      return `${(p50 * 1000).toFixed(0)} / ${(p99 * 1000).toFixed(0)} µs`
    },
  },
  connected('url', 16),
  connected('secureUrl', 16),
]
