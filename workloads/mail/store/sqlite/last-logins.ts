/** Days of last logins on their way to the database. A login must not cost an fsync, so they go a second later, together. */
import type { Writer } from './writer/writer.ts'

const delayMs = 1000

export class LastLogins {
  #writer: Writer
  #days = new Map<number, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(writer: Writer) {
    this.#writer = writer
  }

  note(accountId: number, day: number): void {
    this.#days.set(accountId, Math.max(day, this.#days.get(accountId) ?? day))
    this.#timer ??= setTimeout(() => this.flush(), delayMs).unref()
  }

  /** Sends what is noted. One that is lost in a crash comes again with the account's next login. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const [id, day] of this.#days) this.#writer.run('touchAccount', { id, day }).catch(() => {})
    this.#days.clear()
  }
}
