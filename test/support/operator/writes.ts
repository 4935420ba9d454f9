/** What an operator has written: how often, by the metrics that it keeps for its users, and when. */
import { Registry } from 'prom-client'
import { KubeClient } from '../../../operator/kube/client.ts'

export type Counted = { client: KubeClient; metrics: Registry; writes: () => Promise<number> }

/** A client of its own, whose calls that change something are counted. */
export const countedClient = (kubeconfig: string): Counted => {
  const metrics = new Registry()
  const client = KubeClient.fromConfig({ kubeconfig, metrics })
  const writes = async (): Promise<number> => {
    const counter = await metrics.getSingleMetric('rest_client_requests_total')?.get()
    const rows = (counter?.values ?? []) as { value: number; labels: { method?: string } }[]
    return rows.filter(({ labels }) => labels.method !== 'GET').reduce((sum, { value }) => sum + value, 0)
  }
  return { client, metrics, writes }
}

/** The calls that change something. */
export const writeCalls: ReadonlySet<PropertyKey> = new Set([
  'apply',
  'applyStatus',
  'create',
  'replace',
  'mergePatch',
  'delete',
])

export type Timeline = { client: KubeClient; writes: number[] }

/** The client, with the times at which it writes anything but a Lease, by `performance.now()`. */
export const timedClient = (client: KubeClient): Timeline => {
  const writes: number[] = []
  const get = (target: KubeClient, name: PropertyKey): unknown => {
    const member = Reflect.get(target, name, target)
    if (typeof member !== 'function') return member
    return (...words: [{ kind?: string }, ...unknown[]]) => {
      if (writeCalls.has(name) && words[0].kind !== 'Lease') writes.push(performance.now())
      return member.apply(target, words)
    }
  }
  return { client: new Proxy(client, { get }), writes }
}
