/** Waiting for a condition instead of for a time. */
import { setTimeout as wait } from 'node:timers/promises'

/** Resolves to what `check` returns once it does not throw; after `timeoutMs` rejects with what it threw last. */
export const eventually = async <T>(check: () => T | Promise<T>, timeoutMs = 10_000): Promise<T> => {
  for (const deadline = performance.now() + timeoutMs; ; await wait(10)) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}
