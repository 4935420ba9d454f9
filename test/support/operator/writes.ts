/** What an operator has written: how often, by the metrics that it keeps for its users, and when. */
import { Registry } from 'prom-client'
import { KubeClient } from '../../../operator/kube/client.ts'

/** The calls that change something. */
export const writeCalls: ReadonlySet<PropertyKey> = new Set([
  'apply',
  'applyStatus',
  'create',
  'replace',
  'mergePatch',
  'delete',
])

type Call = [of: { kind?: string }, object: { name?: string; metadata?: { name?: string } }, ...rest: unknown[]]

/** The client, telling of each call that changes something. */
const telling = (client: KubeClient, tell: (call: string, words: Call) => void): KubeClient => {
  const get = (target: KubeClient, name: PropertyKey): unknown => {
    const member = Reflect.get(target, name, target)
    if (typeof member !== 'function') return member
    return (...words: Call) => {
      if (writeCalls.has(name)) tell(String(name), words)
      return member.apply(target, words)
    }
  }
  return new Proxy(client, { get })
}

export type Counted = {
  client: KubeClient
  metrics: Registry
  writes: () => Promise<number>
  /** What they were, for people. */
  written: string[]
}

/** A client of its own, whose calls that change something are counted. */
export const countedClient = (kubeconfig: string): Counted => {
  const metrics = new Registry()
  const written: string[] = []
  const client = telling(KubeClient.fromConfig({ kubeconfig, metrics }), (call, [{ kind }, { name, metadata }]) =>
    written.push(`${call} ${kind} ${name ?? metadata?.name}`),
  )
  const writes = async (): Promise<number> => {
    const counter = await metrics.getSingleMetric('rest_client_requests_total')?.get()
    const rows = (counter?.values ?? []) as { value: number; labels: { method?: string } }[]
    return rows.filter(({ labels }) => labels.method !== 'GET').reduce((sum, { value }) => sum + value, 0)
  }
  return { client, metrics, writes, written }
}

export type Timeline = { client: KubeClient; writes: number[] }

/** The client, with the times at which it writes anything but a Lease, by `performance.now()`. */
export const timedClient = (client: KubeClient): Timeline => {
  const writes: number[] = []
  const timed = telling(client, (_call, [{ kind }]) => {
    if (kind !== 'Lease') writes.push(performance.now())
  })
  return { client: timed, writes }
}
