/** The events of a watch, and how long one is asked to last. */
import { ApiError, type Status, WatchFormatError } from './errors.ts'
import { lines } from './framing.ts'
import type { KubeObject, Resource } from './objects.ts'

export type WatchEvent<T extends KubeObject> = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T }

const types = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'])

/** Four to five minutes: watches that began together, after a restart of the server say, do not end together. */
export const watchSeconds = (random: () => number): number => Math.floor(240 + 60 * random())

const parsed = (line: string): { type?: unknown; object?: unknown } => {
  try {
    return JSON.parse(line) ?? {}
  } catch {
    throw new WatchFormatError('a line of the watch is not JSON')
  }
}

/** @throws ApiError for an event of type `ERROR`, WatchFormatError for what is no event */
export const watchEvent = <T extends KubeObject>(line: string, { apiVersion, kind }: Resource): WatchEvent<T> => {
  const { type, object } = parsed(line)
  if (type === 'ERROR') {
    const status = (object ?? {}) as Status
    throw new ApiError(status.code ?? 500, status)
  }
  const metadata = (object as T | undefined)?.metadata
  if (!types.has(type as string) || !metadata) throw new WatchFormatError('a line of the watch is no event')
  if (typeof metadata.resourceVersion !== 'string') throw new WatchFormatError('an event has no resource version')
  if (type !== 'BOOKMARK' && !metadata.name) throw new WatchFormatError('an event has no name')
  return { type: type as WatchEvent<T>['type'], object: { ...(object as T), apiVersion, kind } }
}

export async function* watchEvents<T extends KubeObject>(
  body: AsyncIterable<Uint8Array>,
  resource: Resource,
): AsyncGenerator<WatchEvent<T>> {
  for await (const line of lines(body)) yield watchEvent<T>(line, resource)
}
