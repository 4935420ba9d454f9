/**
 * What somebody asks of the TURN keys of one machine: a file a kind, which stays. As with the annotations of a cluster, the
 * same text again changes nothing, so that a request is answered once for good whatever ends in between.
 */
import { unwatchFile, watchFile } from 'node:fs'
import type { KeyRequests, RequestKind } from '../../turnkeys/rotation.ts'
import type { Layout } from '../data/layout.ts'
import { readIfThere, writePrivate } from '../data/secrets.ts'

const kinds: readonly RequestKind[] = ['rotate', 'revoke']
const lookMs = 250

export const readRequests = (layout: Layout): KeyRequests => {
  const [rotate, revoke] = kinds.map((kind) => readIfThere(layout.keyRequest(kind))?.trim() || undefined)
  return { rotate, revoke }
}

/** `request` tells this one from those before. */
export const writeRequest = (layout: Layout, kind: RequestKind, request: string): void =>
  writePrivate(layout.keyRequest(kind), `${request}\n`)

/** What was taken over from a manifest; nothing where that note cannot be read. */
const takenBefore = (layout: Layout): KeyRequests => {
  try {
    return JSON.parse(readIfThere(layout.keyAnnotations) ?? '{}')
  } catch {
    return {}
  }
}

/** Annotations that are new since the last start become requests. The note comes second: a crash in between asks the same. */
export const takeAnnotations = (layout: Layout, asked: KeyRequests): void => {
  const before = takenBefore(layout)
  const fresh = kinds.filter((kind) => asked[kind] !== undefined && asked[kind] !== before[kind])
  for (const kind of fresh) writeRequest(layout, kind, asked[kind]!)
  if (fresh.length) writePrivate(layout.keyAnnotations, JSON.stringify({ ...before, ...asked }))
}

/** Calls back when a request has been written, until the returned function is called. */
export const watchRequests = (layout: Layout, changed: () => void): (() => void) => {
  const paths = kinds.map((kind) => layout.keyRequest(kind))
  for (const path of paths) watchFile(path, { interval: lookMs, persistent: false }, changed)
  return () => {
    for (const path of paths) unwatchFile(path, changed)
  }
}
