/**
 * The cluster's own addresses, which no relay may send to: a pod on the host network has the node's identity, and network
 * policies do not bind it. What the API does not tell (older versions, fewer rights) is mostly private space and denied anyway.
 */
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject } from '../kube/objects.ts'
import { endpointSliceResource, serviceCidrResource } from './resources.ts'
import type { Node } from './view.ts'

export type ClusterRanges = { services: string[]; apiServers: string[] }

const rememberMs = 600_000

const nothing: ClusterRanges = { services: [], apiServers: [] }

const serviceCidrs = async (client: KubeClient): Promise<string[]> => {
  const { items } = await client.list<KubeObject & { spec?: { cidrs?: string[] } }>(serviceCidrResource)
  return items.flatMap(({ spec }) => spec?.cidrs ?? [])
}

const apiServers = async (client: KubeClient): Promise<string[]> => {
  const ref = { namespace: 'default', name: 'kubernetes' }
  const slice = await client.get<KubeObject & { endpoints?: { addresses: string[] }[] }>(endpointSliceResource, ref)
  return (slice?.endpoints ?? []).flatMap(({ addresses }) => addresses)
}

/**
 * Asks the API, at most every ten minutes. What it does not tell this time is what it told before: a call that fails must not
 * open the cluster to the relays. `now` in milliseconds.
 */
export const clusterRanges = (client: KubeClient, now: () => number): (() => Promise<ClusterRanges>) => {
  let asked = Number.NEGATIVE_INFINITY
  let known = Promise.resolve(nothing)
  const ask = async (before: ClusterRanges): Promise<ClusterRanges> => {
    const [services, servers] = await Promise.allSettled([serviceCidrs(client), apiServers(client)])
    return {
      services: services.status === 'fulfilled' ? services.value : before.services,
      apiServers: servers.status === 'fulfilled' ? servers.value : before.apiServers,
    }
  }
  return () => {
    if (asked > now() - rememberMs) return known
    asked = now()
    known = known.then(ask)
    return known
  }
}

/** Node addresses, pod ranges and the rest, sorted and each once, so that an unchanged cluster gives the same text. */
export const deniedRanges = (nodes: readonly Node[], { services, apiServers }: ClusterRanges): string[] => {
  const addresses = nodes.flatMap(({ status }) =>
    (status?.addresses ?? []).filter(({ type }) => /IP$/.test(type)).map(({ address }) => address),
  )
  const pods = nodes.flatMap(({ spec }) => spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []))
  return [...new Set([...addresses, ...pods, ...services, ...apiServers])].sort()
}
