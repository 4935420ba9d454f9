/** What goes between the main thread and the writer's thread. Requests and replies travel in arrays, one per wake-up. */
import type { CommittedChange } from '../writes/effects.ts'
import type { Limits } from '../writes/placement.ts'
import type { Writes } from '../writes/writes.ts'

export type WriteName = keyof Writes
export type WriteArguments<N extends WriteName> = Parameters<Writes[N]>[0]
export type WriteResult<N extends WriteName> = ReturnType<Writes[N]>

/** `reserve` is the octets of the disk to keep free. */
export type WriterOptions = { database: string; blobs: string; limits: Limits; reserve: number }

export type Request = { id: number; name: WriteName; arguments: unknown }

/** `name` is the error's class, so that the caller gets one of the store's own errors back. */
export type Reply =
  | { id: number; ok: true; value: unknown; changes: CommittedChange[] }
  | { id: number; ok: false; name: string; message: string }

/** `ready` is the first message of the thread, unless opening failed. */
export type FromWriter = { ready: true } | { failed: string; found?: number; known?: number } | Reply[]
export type ToWriter = Request[] | 'close'
