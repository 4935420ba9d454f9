/** Events of events.k8s.io/v1, as `kubectl describe` shows them. Pure. */
import type { KubeObject, Resource } from '../kube/objects.ts'
import { microTime } from './micro-time.ts'

export const events: Resource = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events', namespaced: true }

export type EventType = 'Normal' | 'Warning'

/** What happened, to what. */
export type Occurrence = {
  regarding: KubeObject
  type: EventType
  reason: string
  note: string
  action: string
}

/** Who says so: a controller's name, and which process it is. */
export type Reporter = { controller: string; instance: string }

/** Limits of the API: 128 characters of reason and action, 1024 bytes of note, 253 characters of a name. */
const cut = (text: string, length: number): string => {
  const bytes = Buffer.from(text)
  if (bytes.length <= length) return text
  // The mark takes three bytes; a character that was cut through goes with it.
  return `${new TextDecoder().decode(bytes.subarray(0, length - 3)).replace(/\uFFFD+$/, '')}…`
}

const nameOf = (regarding: KubeObject, suffix: string): string =>
  `${regarding.metadata.name.slice(0, 252 - suffix.length).replace(/[.-]+$/, '')}.${suffix}`

/** Events that are told once, with a count. */
export const seriesKey = ({ regarding: { kind, metadata }, type, reason, note, action }: Occurrence): string =>
  JSON.stringify([kind, metadata.namespace, metadata.name, metadata.uid, type, reason, action, note])

/**
 * @param suffix makes the name unique
 * @param at milliseconds since 1970
 */
export const eventObject = (
  { regarding, type, reason, note, action }: Occurrence,
  { controller, instance }: Reporter,
  suffix: string,
  at: number,
): KubeObject => {
  const { apiVersion, kind, metadata } = regarding
  const { namespace, name, uid, resourceVersion } = metadata
  return {
    apiVersion: events.apiVersion,
    kind: events.kind,
    // What is said of an object without a namespace is kept in this one.
    metadata: { namespace: namespace ?? 'default', name: nameOf(regarding, suffix) },
    eventTime: microTime(at),
    reportingController: controller,
    reportingInstance: cut(instance, 128),
    action: cut(action, 128),
    reason: cut(reason, 128),
    type,
    note: cut(note, 1024),
    regarding: { apiVersion, kind, namespace, name, uid, resourceVersion },
  }
}

/** The patch that tells of further occurrences; `count` of all of them, the first too. */
export const seriesPatch = (count: number, at: number): object => ({
  series: { count, lastObservedTime: microTime(at) },
})
