/**
 * Whether a live object already is what is desired, so that nothing is written: a no-op apply costs the API server as much
 * as a change. Desired fields are compared; what defaulting or others have added does not matter.
 */
import { quantity } from '../api/quantities.ts'
import type { KubeObject } from '../kube/objects.ts'
import { hashAnnotation } from './wire.ts'

/** Where quantities are: the API server writes `1024Mi` back as `1Gi`. */
const isQuantity = (path: readonly string[]): boolean => path.includes('resources') || path.at(-1) === 'sizeLimit'

/** Maps of strings, in which a key with an empty value is there; a field that is empty is the same as none. */
const maps = new Set(['labels', 'annotations', 'data', 'matchLabels', 'nodeSelector', 'selector'])

const sameScalar = (live: unknown, desired: unknown, path: readonly string[]): boolean => {
  if (live === desired) return true
  if (desired === '' && live === undefined) return !maps.has(path.at(-2) ?? '')
  const [a, b] = isQuantity(path) ? [quantity(String(live)), quantity(String(desired))] : [null, null]
  return a !== null && a === b
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)

/** Lists that server-side apply merges by a key: items that others have added stay theirs and are no drift. */
const merged = new Set(['containers', 'ports', 'volumes', 'volumeMounts', 'imagePullSecrets'])

/** The lists of a NetworkPolicy are replaced as a whole, so that one more opened port is drift. */
const isMerged = (path: readonly string[]): boolean => merged.has(path.at(-1) ?? '') && !path.includes('ingress')

const listCovers = (live: unknown, desired: readonly unknown[], path: readonly string[]): boolean => {
  if (!Array.isArray(live)) return false
  if (isMerged(path)) return desired.every((item) => live.some((other) => covers(other, item, path)))
  return live.length === desired.length && desired.every((item, index) => covers(live[index], item, path))
}

/** Maps that are replaced as a whole: one key more selects something else. */
const exact = new Set(['selector', 'podSelector', 'namespaceSelector', 'matchLabels', 'nodeSelector'])

const keysOf = (value: unknown): number => (isEmpty(value) ? 0 : Object.keys(value as object).length)

/** True when `live` has everything that `desired` says. */
export const covers = (live: unknown, desired: unknown, path: readonly string[] = []): boolean => {
  if (exact.has(path.at(-1) ?? '') && keysOf(live) !== keysOf(desired)) return false
  if (isEmpty(desired)) return isEmpty(live) || (typeof live === 'object' && !Array.isArray(live))
  if (typeof desired !== 'object') return sameScalar(live, desired, path)
  if (Array.isArray(desired)) return listCovers(live, desired, path)
  if (typeof live !== 'object' || live === null) return false
  return Object.entries(desired as object).every(([key, value]) =>
    covers((live as Record<string, unknown>)[key], value, [...path, key]),
  )
}

/** Owners are merged by uid: others may be there too. */
const ownersCovered = (live: KubeObject, desired: KubeObject): boolean =>
  (desired.metadata.ownerReferences ?? []).every((owner) =>
    live.metadata.ownerReferences?.some((other) => covers(other, owner)),
  )

/** The hash tells fields that are no longer desired, the comparison what others have changed. */
export const isSettled = (live: KubeObject, desired: KubeObject): boolean => {
  const { ownerReferences: _, resourceVersion: __, ...metadata } = desired.metadata
  return (
    live.metadata.annotations?.[hashAnnotation] === desired.metadata.annotations?.[hashAnnotation] &&
    ownersCovered(live, desired) &&
    covers(live, { ...desired, metadata })
  )
}
