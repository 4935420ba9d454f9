/** What clients are told at this moment, as it is written down for mail; and under which name proofs are kept. */
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { type Relays, relays } from '../../workloads/contract/relays.ts'
import type { KubeObject } from '../kube/objects.ts'
import { names } from '../render/names.ts'
import type { Gathered } from './gather.ts'

type RelaysMap = KubeObject & { data?: Record<string, string> }

/** Nothing where it is not written down yet, or cannot be read. */
export const toldNow = ({ server, live }: Gathered): Relays => {
  const text = (live.get(`ConfigMap/${names.relays(server)}`) as RelaysMap | undefined)?.data?.[mountedFiles.relays]
  try {
    return relays.parse(JSON.parse(text ?? '{}'))
  } catch {
    return relays.parse({})
  }
}

/** The server's key in the controller's queue: a proof that turns out otherwise has it looked at again. */
export const ownerOf = ({ server: { metadata } }: Gathered): string => `${metadata.namespace}/${metadata.name}`
