/** Who wants to hear of which mailbox. One entry per session, nothing per message. */
import type { Change } from '../store.ts'

export type Listener = (change: Change) => void

export class Watchers {
  #byMailbox = new Map<number, Set<Listener>>()

  /** The returned function ends it. */
  add(mailboxId: number, listener: Listener): () => void {
    const listeners = this.#byMailbox.get(mailboxId) ?? new Set()
    this.#byMailbox.set(mailboxId, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#byMailbox.get(mailboxId) === listeners) this.#byMailbox.delete(mailboxId)
    }
  }

  /** A listener may end itself, or add another, while it is called. */
  announce(change: Change): void {
    const listeners = this.#byMailbox.get(change.mailboxId)
    if (listeners) for (const listener of [...listeners]) listener(change)
  }
}
