/**
 * Lets a bounded number of expensive tasks run and a bounded number wait, so that a flood of logins is answered with
 * "try again later" and not with growing memory. One name may hold few places, so that guessing at one account does not
 * keep the others out.
 */

export type TurnstileLimits = {
  /** Tasks at a time. Each takes a thread of the pool, which files need too. */
  running: number
  /** Tasks that may wait. */
  waiting: number
  /** Tasks of one name, running and waiting. */
  perName: number
}

/** No place was left. */
export class Overloaded extends Error {
  override name = 'Overloaded'
}

export class Turnstile {
  #limits: TurnstileLimits
  #running = 0
  #waiting: (() => void)[] = []
  #names = new Map<string, number>()

  constructor(limits: TurnstileLimits) {
    this.#limits = limits
  }

  /** Runs `task` when it is its turn. @throws Overloaded at once when there is no place */
  async run<T>(name: string, task: () => Promise<T>): Promise<T> {
    this.#enter(name)
    try {
      await this.#turn()
      return await task()
    } finally {
      this.#leave(name)
    }
  }

  #enter(name: string): void {
    const ofName = this.#names.get(name) ?? 0
    const full = this.#running >= this.#limits.running && this.#waiting.length >= this.#limits.waiting
    if (full || ofName >= this.#limits.perName) throw new Overloaded('too many logins at once')
    this.#names.set(name, ofName + 1)
  }

  #turn(): Promise<void> | void {
    if (this.#running >= this.#limits.running) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#running++
  }

  /** Whoever waits next takes over the place. */
  #leave(name: string): void {
    const ofName = this.#names.get(name)! - 1
    if (ofName === 0) this.#names.delete(name)
    else this.#names.set(name, ofName)
    const next = this.#waiting.shift()
    if (next) next()
    else this.#running--
  }
}
