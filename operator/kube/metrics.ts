/** Prometheus metrics under the names that dashboards for Kubernetes clients and controllers know. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

type Definition<L extends string> = { name: string; help: string; labelNames: readonly L[] }

/** Several clients, queues and controllers share one metric: the registry takes each name once. */
const shared =
  <C extends Counter | Gauge | Histogram, O>(make: new (options: O & { registers: Registry[] }) => C) =>
  (registry: Registry, options: O & { name: string }): C =>
    (registry.getSingleMetric(options.name) as C | undefined) ?? new make({ ...options, registers: [registry] })

export const counter = <L extends string>(registry: Registry, definition: Definition<L>): Counter<L> =>
  shared<Counter<L>, Definition<L>>(Counter<L>)(registry, definition)

export const gauge = <L extends string>(registry: Registry, definition: Definition<L>): Gauge<L> =>
  shared<Gauge<L>, Definition<L>>(Gauge<L>)(registry, definition)

export const histogram = <L extends string>(
  registry: Registry,
  definition: Definition<L> & { buckets: number[] },
): Histogram<L> => shared<Histogram<L>, Definition<L> & { buckets: number[] }>(Histogram<L>)(registry, definition)

export type CallMetrics = {
  /** `code` is the status, or `<error>` where no answer came. */
  answered(method: string, code: number | '<error>', seconds: number): void
}

/** Seconds; as in client-go. */
const buckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

export const callMetrics = (registry: Registry): CallMetrics => {
  const requests = counter(registry, {
    name: 'rest_client_requests_total',
    help: 'Requests to the Kubernetes API, by status code and method',
    labelNames: ['code', 'method'],
  })
  const duration = histogram(registry, {
    name: 'rest_client_request_duration_seconds',
    help: 'Time until the Kubernetes API answered, by method',
    labelNames: ['verb'],
    buckets,
  })
  return {
    answered: (method, code, seconds) => {
      requests.inc({ code: String(code), method })
      duration.observe({ verb: method }, seconds)
    },
  }
}
