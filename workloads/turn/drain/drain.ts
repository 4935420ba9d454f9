/**
 * Draining: no new allocations (508), the running ones keep relaying and refreshing, with shorter lifetimes so that what
 * a client has abandoned is soon gone. It is over when the last allocation is gone or the deadline is up.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Registry } from '../allocations/registry.ts'

export class Drain {
  #active = false

  get active(): boolean {
    return this.#active
  }

  /** `deadline` is seconds from now. Says what ended it. */
  async run(registry: Registry, deadline: number): Promise<'empty' | 'deadline'> {
    this.#active = true
    if (registry.size === 0) return 'empty'
    const over = new AbortController()
    const timedOut = wait(deadline * 1000, 'deadline' as const, { signal: over.signal })
    const emptied = new Promise<'empty'>((resolve) => registry.onEmpty(() => resolve('empty')))
    const outcome = await Promise.race([timedOut, emptied])
    timedOut.catch(() => undefined)
    over.abort()
    return outcome
  }
}
