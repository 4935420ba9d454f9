/** Waiting for a condition instead of for a time. */
import { setTimeout as wait } from 'node:timers/promises'

/** Only a test that fails waits as long: a machine with much else to do is no failure. */
const patienceMs = 40_000

/** Resolves to what `check` returns once it does not throw; after `timeoutMs` rejects with what it threw last. */
export const eventually = async <T>(check: () => T | Promise<T>, timeoutMs = patienceMs): Promise<T> => {
  for (const deadline = performance.now() + timeoutMs; ; await wait(10)) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}
