/**
 * Draining: no new allocations (508, or 300 to another server), the running ones keep relaying and refreshing, with shorter
 * lifetimes so that what a client has abandoned is soon gone. It is over when the last allocation is gone, the deadline is
 * up or somebody insists.
 */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

/** What is drained: a registry, or several. */
export type Live = { readonly size: number; onEmpty(listener: () => void): void }

export type DrainEnd = 'empty' | 'deadline' | 'told again'

export class Drain {
  #active = false

  get active(): boolean {
    return this.#active
  }

  /** No new allocations from now on. */
  begin(): void {
    this.#active = true
  }

  /** `deadline` is seconds from now; `immediately` ends it before. Says what ended it. */
  async run(live: Live, deadline: number, immediately: AbortSignal): Promise<DrainEnd> {
    this.begin()
    if (live.size === 0) return 'empty'
    if (immediately.aborted) return 'told again'
    const over = new AbortController()
    const { signal } = over
    const timedOut = wait(deadline * 1000, 'deadline' as const, { signal })
    const emptied = new Promise<'empty'>((resolve) => live.onEmpty(() => resolve('empty')))
    const told = once(immediately, 'abort', { signal }).then(() => 'told again' as const)
    const outcome = await Promise.race([timedOut, emptied, told])
    for (const loser of [timedOut, told]) loser.catch(() => undefined)
    over.abort()
    return outcome
  }
}
