/** How often an operator has written, by the metrics that it keeps for its users. */
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
