/** Steps on when it is time, when somebody asks, and while processes have to load what has changed. */
import { type KeyParts, keepKeys } from './step.ts'

/** Timers stand still while a machine sleeps: this often the clock is looked at. */
const longestMs = 600_000
/** After a step that failed. */
const retryMs = 30_000

export class KeyKeeper {
  #parts: KeyParts
  #failed: (error: Error) => void
  #lastFailure = ''
  #stopped = false
  #wake: () => void = () => {}
  #ended: Promise<void> = Promise.resolve()

  /** `failed` is told of a step that comes again later, once as long as the reason is the same. */
  constructor(parts: KeyParts, failed: (error: Error) => void) {
    this.#parts = parts
    this.#failed = failed
  }

  start(): void {
    this.#ended = this.#run()
  }

  /** Something may have changed. */
  wake(): void {
    this.#wake()
  }

  /** Resolves when the step that is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#ended
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      // A wake during the step counts: what it announces may have come after it was looked at.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      const ms = await this.#step()
      const timer = setTimeout(() => this.#wake(), Math.min(ms, longestMs))
      await woken
      clearTimeout(timer)
    }
  }

  async #step(): Promise<number> {
    try {
      const { wakeMs, changed } = await keepKeys(this.#parts)
      this.#lastFailure = ''
      return changed ? 0 : (wakeMs ?? longestMs)
    } catch (error) {
      this.#tellOnce(error as Error)
      return retryMs
    }
  }

  #tellOnce(error: Error): void {
    if (error.message !== this.#lastFailure) this.#failed(error)
    this.#lastFailure = error.message
  }
}
