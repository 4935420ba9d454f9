/** `workqueue_*`, as client-go names them, so that dashboards for controllers fit. */
import type { Registry } from 'prom-client'
import { counter, gauge, histogram } from '../kube/metrics.ts'

export type QueueMetrics = {
  /** Tells where the current values are to be read: keys that wait, and for each key held the seconds since when. */
  watch(read: { depth: () => number; held: () => number[] }): void
  added(): void
  retried(): void
  /** Seconds that a key was in the queue. */
  waited(seconds: number): void
  /** Seconds that a worker held a key. */
  worked(seconds: number): void
}

const buckets = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000]
const labelNames = ['name'] as const

/** Gauges of the queue's present state, read when somebody asks. */
const presentState = {
  workqueue_depth: { help: 'Keys that wait for a worker', of: (depth: number) => depth },
  workqueue_unfinished_work_seconds: {
    help: 'Seconds of work in progress that has not been counted as work duration yet',
    of: (_depth: number, held: number[]) => held.reduce((sum, seconds) => sum + seconds, 0),
  },
  workqueue_longest_running_processor_seconds: {
    help: 'Seconds that the longest running worker has been at its key',
    of: (_depth: number, held: number[]) => Math.max(0, ...held),
  },
}

export const queueMetrics = (registry: Registry, name: string): QueueMetrics => {
  const adds = counter(registry, { name: 'workqueue_adds_total', help: 'Keys added', labelNames })
  const retries = counter(registry, { name: 'workqueue_retries_total', help: 'Keys added after a failure', labelNames })
  const waits = histogram(registry, {
    name: 'workqueue_queue_duration_seconds',
    help: 'Seconds that a key waits before it is worked on',
    labelNames,
    buckets,
  })
  const works = histogram(registry, {
    name: 'workqueue_work_duration_seconds',
    help: 'Seconds that a key is worked on',
    labelNames,
    buckets,
  })
  return {
    watch: ({ depth, held }) => {
      for (const [metric, { help, of }] of Object.entries(presentState))
        readOnCollect(gauge(registry, { name: metric, help, labelNames }), name, () => of(depth(), held()))
    },
    added: () => adds.inc({ name }),
    retried: () => retries.inc({ name }),
    waited: (seconds) => waits.observe({ name }, seconds),
    worked: (seconds) => works.observe({ name }, seconds),
  }
}

type Collecting = { set(labels: { name: string }, value: number): void; collect?: () => void | Promise<void> }

/** Several queues share a gauge: each adds its reading to those before it. */
const readOnCollect = (shared: object, name: string, read: () => number): void => {
  const collecting = shared as Collecting
  const before = collecting.collect?.bind(collecting)
  collecting.collect = () => {
    before?.()
    collecting.set({ name }, read())
  }
}
