/** `controller_runtime_*`, as the Go library of that name has them, so that its dashboards fit. */
import type { Registry } from 'prom-client'
import { counter, gauge, histogram } from '../kube/metrics.ts'

export type Outcome = 'success' | 'requeue_after' | 'requeue' | 'error'

export type ControllerMetrics = { begun(): (outcome: Outcome) => void }

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25]
const longBuckets = [1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60]
const labelNames = ['controller'] as const

export const controllerMetrics = (registry: Registry, controller: string, workers: number): ControllerMetrics => {
  const total = counter(registry, {
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciliations, by controller and result',
    labelNames: ['controller', 'result'],
  })
  const errors = counter(registry, {
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Reconciliations that ended with an error',
    labelNames,
  })
  const time = histogram(registry, {
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Time of a reconciliation',
    labelNames,
    buckets: [...buckets, ...longBuckets],
  })
  const active = gauge(registry, {
    name: 'controller_runtime_active_workers',
    help: 'Workers that are at a key',
    labelNames,
  })
  const most = { name: 'controller_runtime_max_concurrent_reconciles', help: 'Workers', labelNames }
  gauge(registry, most).set({ controller }, workers)
  // A dashboard's rate needs the series before the first error.
  errors.inc({ controller }, 0)
  active.set({ controller }, 0)
  return {
    begun: () => {
      const ended = time.startTimer({ controller })
      active.inc({ controller })
      return (result) => {
        ended()
        active.dec({ controller })
        total.inc({ controller, result })
        if (result === 'error') errors.inc({ controller })
      }
    },
  }
}
