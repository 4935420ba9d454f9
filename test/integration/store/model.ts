/** What a mailbox must do, in memory and in the plainest way: what the store is compared with. */
import { QuotaExceeded } from '../../../workloads/mail/store/store.ts'

export type ModelMessage = { uid: number; content: string; flags: Set<string>; modseq: number }

export class ModelMailbox {
  messages: ModelMessage[] = []
  uidNext = 1
  modseq = 1

  add(content: string, flags: Iterable<string>, modseq = ++this.modseq): number {
    this.modseq = modseq
    this.messages.push({ uid: this.uidNext, content, flags: new Set(flags), modseq })
    return this.uidNext++
  }

  setFlags(uids: number[], operation: 'add' | 'remove' | 'replace', flags: string[], unchangedSince: number): number[] {
    const modseq = this.modseq + 1
    const conflicts: number[] = []
    for (const message of uids.flatMap((uid) => this.messages.find((one) => one.uid === uid) ?? [])) {
      if (message.modseq > unchangedSince) {
        conflicts.push(message.uid)
        continue
      }
      const given = new Set(flags)
      const next = {
        add: message.flags.union(given),
        remove: message.flags.difference(given),
        replace: given,
      }[operation]
      if (next.symmetricDifference(message.flags).size === 0) continue
      Object.assign(message, { flags: next, modseq })
      this.modseq = modseq
    }
    return conflicts
  }

  /** The messages that were taken out. */
  take(wanted: (message: ModelMessage) => boolean): ModelMessage[] {
    const taken = this.messages.filter(wanted)
    this.messages = this.messages.filter((message) => !wanted(message))
    if (taken.length > 0) this.modseq++
    return taken
  }
}

export class ModelAccount {
  inbox = new ModelMailbox()
  archive = new ModelMailbox()
  quota: number

  constructor(quota: number) {
    this.quota = quota
  }

  get used(): number {
    return [...this.inbox.messages, ...this.archive.messages].reduce((sum, { content }) => sum + content.length, 0)
  }

  fits(size: number): boolean {
    return this.used + size <= this.quota
  }

  check(size: number): void {
    if (!this.fits(size)) throw new QuotaExceeded('full')
  }
}
