/**
 * Draining: no new allocations (508, or 300 to another server), the running ones keep relaying and refreshing, with shorter
 * lifetimes so that what a client has abandoned is soon gone. It is over when the last allocation is gone, the deadline is
 * up or somebody insists.
 */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Registry } from '../allocations/registry.ts'

export type DrainEnd = 'empty' | 'deadline' | 'told again'

/** What there is to wait for. */
type Remaining = Pick<Registry, 'size' | 'onEmpty'>

export class Drain {
  #active = false

  get active(): boolean {
    return this.#active
  }

  /** `deadline` is seconds from now; `immediately` ends it before. Says what ended it. */
  async run(registry: Remaining, deadline: number, immediately: AbortSignal): Promise<DrainEnd> {
    this.#active = true
    if (registry.size === 0) return 'empty'
    if (immediately.aborted) return 'told again'
    const over = new AbortController()
    const { signal } = over
    const timedOut = wait(deadline * 1000, 'deadline' as const, { signal })
    const emptied = new Promise<'empty'>((resolve) => registry.onEmpty(() => resolve('empty')))
    const told = once(immediately, 'abort', { signal }).then(() => 'told again' as const)
    const outcome = await Promise.race([timedOut, emptied, told])
    for (const loser of [timedOut, told]) loser.catch(() => undefined)
    over.abort()
    return outcome
  }
}
