/** Puts a relay together from its configuration: everything but the listeners and the process. */
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import type { IrohConfig } from '../contract/iroh-config.ts'
import { SourceBuckets } from '../kit/limits/token-bucket.ts'
import { Relay } from './clients/relay.ts'
import { Sweep, sweepMs } from './clients/sweep.ts'
import { drain } from './drain/drain.ts'
import { createApp } from './http/app.ts'
import { Front } from './http/front.ts'
import { createUpgrade } from './http/upgrade.ts'
import { Sources } from './limits/sources.ts'
import { addMetrics, type IrohCounts } from './metrics/metrics.ts'

/** Random bytes, so many; from a cryptographic source outside of tests. */
type Random = (bytes: number) => Buffer

const monotonic = (): number => performance.now()

/** Sources whose new connections are counted; the one that came longest ago is forgotten first. */
const rememberedSources = 10_000

export type IrohServer = {
  front: Front
  relay: Relay
  counts: () => IrohCounts
  /** Sends every client away; resolves when they are gone. */
  stop: () => Promise<void>
}

const newRelay = ({ limits }: IrohConfig, random: Random): Relay =>
  new Relay({
    limits,
    now: monotonic,
    random,
    chance: Math.random,
    defer: (work) => process.nextTick(work),
    after: (ms, work) => setTimeout(work, ms).unref(),
  })

export const assembleIroh = (config: IrohConfig, metrics: Registry, random: Random = randomBytes): IrohServer => {
  const { limits } = config
  const relay = newRelay(config, random)
  const { counters } = relay
  const sources = new Sources({ connections: limits.connectionsPerAddress, pace: limits.addressPace }, monotonic)
  const state = { draining: false }
  const front = new Front({
    app: createApp({ refused: () => counters.refused.bad_request++ }),
    upgrade: createUpgrade({
      relay,
      buckets: new SourceBuckets({ rate: limits.newPerSecond, burst: limits.newBurst, sources: rememberedSources }),
      maxSessions: limits.connections,
      draining: () => state.draining,
      now: monotonic,
    }),
    sources,
    counters,
    handshake: limits.handshake,
    now: monotonic,
  })
  const counts = (): IrohCounts => ({
    connections: relay.sessions.size,
    waiting: front.waiting,
    legacyEndpoints: relay.book.size('legacy'),
    modernEndpoints: relay.book.size('modern'),
    reserve: [...relay.book.reserve()].length,
    sources: sources.size,
    queuedBytes: relay.budget.used,
  })
  addMetrics(metrics, counters, counts)
  const sweep = new Sweep({ relay, limits, random }, monotonic())
  const sweeping = setInterval(() => {
    const now = monotonic()
    sweep.run(now)
    front.sweep(now)
    sources.sweep(now)
  }, sweepMs)
  return {
    front,
    relay,
    counts,
    stop: async () => {
      state.draining = true
      await drain({ relay, chance: Math.random, wait }, config.drain.spread)
      clearInterval(sweeping)
      front.stop()
      for (const session of relay.sessions) session.destroy(monotonic())
    },
  }
}
