/**
 * Quotas that several threads share: counters in memory that all of them see. A name's counter is found by its hash under a
 * secret key, so that nobody can aim at somebody else's; two names in thousands may share one, and are refused a little
 * early then. Two threads that look at once may give one more than is allowed, and no more than there are threads.
 */
import { createHmac } from 'node:crypto'
import type { AllocationLimits, Holder, QuotaTable } from '../allocations/quotas.ts'

/** Counters for each kind of name. */
const slots = 1 << 18
const totalAt = 2 * slots

/** What is given to each thread. */
export type SharedCounts = { memory: SharedArrayBuffer; key: Uint8Array }

/** `key` is 32 random bytes. */
export const newSharedCounts = (key: Uint8Array): SharedCounts => ({
  memory: new SharedArrayBuffer((totalAt + 1) * Int32Array.BYTES_PER_ELEMENT),
  key,
})

export class SharedQuotas implements QuotaTable {
  #limits: AllocationLimits
  #counts: Int32Array
  #key: Uint8Array

  constructor(limits: AllocationLimits, { memory, key }: SharedCounts) {
    this.#limits = limits
    this.#counts = new Int32Array(memory)
    this.#key = key
  }

  allows(holder: Holder, count: 1 | 2): boolean {
    const { allocations, allocationsPerCredential, allocationsPerIP } = this.#limits
    const [credential, source] = this.#places(holder)
    return (
      Atomics.load(this.#counts, totalAt) + count <= allocations &&
      Atomics.load(this.#counts, credential) + count <= allocationsPerCredential &&
      Atomics.load(this.#counts, source) + count <= allocationsPerIP
    )
  }

  take(holder: Holder): void {
    this.#add(holder, 1)
  }

  giveBack(holder: Holder): void {
    this.#add(holder, -1)
  }

  #add(holder: Holder, change: 1 | -1): void {
    for (const place of [...this.#places(holder), totalAt]) Atomics.add(this.#counts, place, change)
  }

  #places({ username, source }: Holder): [credential: number, source: number] {
    return [this.#slot(`u ${username}`), slots + this.#slot(`s ${source}`)]
  }

  #slot(name: string): number {
    return createHmac('sha256', this.#key).update(name).digest().readUInt32LE() % slots
  }
}
