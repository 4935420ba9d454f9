/**
 * Whether a live object already is what is desired, so that nothing is written: a no-op apply costs the API server as much
 * as a change. Desired fields are compared; what defaulting or others have added does not matter.
 */
import type { KubeObject } from '../kube/objects.ts'
import { hashAnnotation } from './wire.ts'

const suffixes: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
}

/** A quantity's value; the API server writes `1024Mi` back as `1Gi`. */
const quantity = (value: unknown): number | null => {
  const match = /^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(value))
  return match ? Number(match[1]) * suffixes[match[2] ?? '']! : null
}

const sameScalar = (live: unknown, desired: unknown): boolean => {
  if (live === desired) return true
  const [a, b] = [quantity(live), quantity(desired)]
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
const exact = new Set(['selector', 'matchLabels', 'nodeSelector'])

const keysOf = (value: unknown): number => (isEmpty(value) ? 0 : Object.keys(value as object).length)

/** True when `live` has everything that `desired` says. */
export const covers = (live: unknown, desired: unknown, path: readonly string[] = []): boolean => {
  if (exact.has(path.at(-1) ?? '') && keysOf(live) !== keysOf(desired)) return false
  if (isEmpty(desired)) return isEmpty(live) || (typeof live === 'object' && !Array.isArray(live))
  if (typeof desired !== 'object') return sameScalar(live, desired)
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
