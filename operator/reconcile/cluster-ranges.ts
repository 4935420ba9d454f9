/**
 * The cluster's own addresses, which no relay may send to: a pod on the host network has the node's identity, and network
 * policies do not bind it. What the API does not tell (older versions, fewer rights) is mostly private space and denied anyway.
 */
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject } from '../kube/objects.ts'
import { discoverNat64 } from '../nat64/discovery.ts'
import type { Resolve } from './lookups.ts'
import { endpointSliceResource, serviceCidrResource } from './resources.ts'
import type { Node } from './view.ts'

/** `nat64`: prefixes of the network's translators, under which every IPv4 address has another form. */
export type ClusterRanges = { services: string[]; apiServers: string[]; nat64: string[] }

const rememberMs = 600_000
/** After a call that failed: what is not known is not denied. */
const againMs = 30_000

const nothing: ClusterRanges = { services: [], apiServers: [], nat64: [] }

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
 * Asks the API and the DNS, at most every ten minutes, or every half where one failed. What they do not tell this time is
 * what they told before: a call that fails must not open the cluster to the relays. `now` in milliseconds.
 */
export const clusterRanges = (
  client: KubeClient,
  resolve: Resolve,
  now: () => number,
): (() => Promise<ClusterRanges>) => {
  let due = Number.NEGATIVE_INFINITY
  let known = Promise.resolve(nothing)
  const ask = async (before: ClusterRanges): Promise<ClusterRanges> => {
    const asking = [serviceCidrs(client), apiServers(client), discoverNat64(resolve)] as const
    const answers = await Promise.allSettled(asking)
    const [services, servers, nat64] = answers
    if (answers.some(({ status }) => status === 'rejected')) due = now() + againMs
    return {
      services: services.status === 'fulfilled' ? services.value : before.services,
      apiServers: servers.status === 'fulfilled' ? servers.value : before.apiServers,
      // The DNS says no more of a name that is not there than of one that it could not ask for.
      nat64: nat64.status === 'fulfilled' && nat64.value.length ? nat64.value : before.nat64,
    }
  }
  return () => {
    if (now() < due) return known
    due = now() + rememberMs
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
