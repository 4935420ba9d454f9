/** How many allocations, reserved ports among them, a credential, a source address and all together may hold (error 486, RFC 8656 §7.2). */
export type AllocationLimits = { allocations: number; allocationsPerCredential: number; allocationsPerIP: number }

/** Whom an allocation, or a port that is reserved for one, is counted under. */
export type Holder = { username: string; source: string }

class Counts {
  #counts = new Map<string, number>()

  get size(): number {
    return this.#counts.size
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  add(name: string, change: 1 | -1): void {
    const count = this.of(name) + change
    if (count > 0) this.#counts.set(name, count)
    else this.#counts.delete(name)
  }
}

export type QuotaTable = {
  /** True when `count` more may be held. */
  allows(holder: Holder, count: 1 | 2): boolean
  take(holder: Holder): void
  giveBack(holder: Holder): void
}

export class Quotas implements QuotaTable {
  #limits: AllocationLimits
  #credentials = new Counts()
  #sources = new Counts()
  #total = 0

  constructor(limits: AllocationLimits) {
    this.#limits = limits
  }

  /** Names that are counted; zero when nothing is allocated. */
  get tracked(): number {
    return this.#credentials.size + this.#sources.size + this.#total
  }

  allows({ username, source }: Holder, count: 1 | 2): boolean {
    const { allocations, allocationsPerCredential, allocationsPerIP } = this.#limits
    return (
      this.#total + count <= allocations &&
      this.#credentials.of(username) + count <= allocationsPerCredential &&
      this.#sources.of(source) + count <= allocationsPerIP
    )
  }

  take({ username, source }: Holder): void {
    this.#count(username, source, 1)
  }

  giveBack({ username, source }: Holder): void {
    this.#count(username, source, -1)
  }

  #count(username: string, source: string, change: 1 | -1): void {
    this.#credentials.add(username, change)
    this.#sources.add(source, change)
    this.#total += change
  }
}
