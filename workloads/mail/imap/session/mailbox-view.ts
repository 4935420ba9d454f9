/**
 * The selected mailbox as the client knows it (RFC 3501 §2.3.1.2, §7.4.1). The store's changes come at any time; the client
 * is told at the points where the protocol allows it, and until then its sequence numbers stay as they are.
 */
import type { Change, FlagsSet, Mailbox, MessageSummary, UidRange } from '../../store/store.ts'

const initialCapacity = 8

export class MailboxView {
  readonly id: number
  readonly name: string
  readonly uidValidity: number
  readonly readOnly: boolean
  /** Ascending uids of all messages, of which the client knows the first `announced`. */
  #uids: Uint32Array
  #count = 0
  #announced = 0
  /** Uids that are gone and not yet announced as such. */
  #removed: Set<number> | null = null
  #flags: Map<number, FlagsSet> | null = null
  /** True when the mailbox itself was removed. */
  gone = false

  constructor(mailbox: Mailbox, readOnly: boolean) {
    this.id = mailbox.id
    this.name = mailbox.name
    this.uidValidity = mailbox.uidValidity
    this.readOnly = readOnly
    this.#uids = new Uint32Array(initialCapacity)
  }

  /** Takes the messages found at selection. Those from `uidNext` on came later and are announced like new ones. */
  fill(messages: readonly MessageSummary[], uidNext: number): void {
    for (const { uid } of messages) this.#append(uid)
    while (this.#announced < this.#count && this.#uids[this.#announced]! < uidNext) this.#announced++
  }

  /** Messages that the client knows of. */
  get count(): number {
    return this.#announced
  }

  get highestUid(): number {
    return this.#announced === 0 ? 0 : this.#uids[this.#announced - 1]!
  }

  uidOf(sequence: number): number {
    return this.#uids[sequence - 1]!
  }

  /** Sequence number of a uid, or 0 when the client does not know of it. */
  sequenceOf(uid: number): number {
    const index = this.#search(uid)
    return index < this.#announced && this.#uids[index] === uid ? index + 1 : 0
  }

  /** Uid ranges of sequence number ranges; what is beyond the end is left out. */
  uidRanges(sequences: readonly UidRange[]): UidRange[] {
    return sequences
      .filter(({ from }) => from <= this.count)
      .map(({ from, to }) => ({ from: this.uidOf(from), to: this.uidOf(Math.min(to, this.count)) }))
  }

  /** Uids that the client knows of within ranges. */
  uidsWithin(ranges: readonly UidRange[]): number[] {
    const uids: number[] = []
    for (const { from, to } of ranges)
      for (let index = this.#search(from); index < this.#announced && this.#uids[index]! <= to; index++)
        uids.push(this.#uids[index]!)
    return uids
  }

  /** Takes in a committed change. `own` says that this session made it, whose command answers with the flags itself. */
  note(change: Change, own: boolean): void {
    if (change.kind === 'gone') this.gone = true
    else if (change.kind === 'added') for (const { uid } of change.messages) this.#add(uid)
    else if (change.kind === 'removed') for (const uid of change.uids) this.#remove(uid)
    else if (!own) for (const flags of change.messages) this.#noteFlags(flags)
  }

  /** Removes what a command of this session removed, where the store's own word has not come before. */
  removeAll(uids: readonly number[]): void {
    for (const uid of uids) this.#remove(uid)
  }

  /** Sequence numbers to announce with EXPUNGE, in that order. Takes the messages out of the view. */
  takeExpunged(): number[] {
    if (!this.#removed) return []
    const sequences: number[] = []
    for (const uid of this.#removed) {
      const sequence = this.sequenceOf(uid)
      if (sequence === 0) continue
      sequences.push(sequence)
      this.#cut(sequence - 1)
      this.#announced--
    }
    this.#removed = null
    return sequences
  }

  /** The new number of messages to announce with EXISTS, or null when there is no news. */
  takeExists(): number | null {
    if (this.#announced === this.#count) return null
    this.#announced = this.#count
    return this.#count
  }

  /** Flags that others changed, of messages that the client knows of. */
  takeFlags(): FlagsSet[] {
    if (!this.#flags) return []
    const flags = [...this.#flags.values()].filter(({ uid }) => this.sequenceOf(uid) > 0)
    this.#flags = null
    return flags
  }

  #noteFlags(flags: FlagsSet): void {
    if (this.sequenceOf(flags.uid) === 0) return
    this.#flags ??= new Map()
    this.#flags.set(flags.uid, flags)
  }

  #add(uid: number): void {
    if (this.#count > 0 && uid <= this.#uids[this.#count - 1]!) return
    this.#append(uid)
  }

  #append(uid: number): void {
    if (this.#count === this.#uids.length) {
      const larger = new Uint32Array(this.#uids.length * 2)
      larger.set(this.#uids)
      this.#uids = larger
    }
    this.#uids[this.#count++] = uid
  }

  #remove(uid: number): void {
    const index = this.#search(uid)
    if (index === this.#count || this.#uids[index] !== uid) return
    this.#flags?.delete(uid)
    if (index >= this.#announced) this.#cut(index)
    else this.#removed = (this.#removed ?? new Set()).add(uid)
  }

  #cut(index: number): void {
    this.#uids.copyWithin(index, index + 1, this.#count)
    this.#count--
  }

  /** Index of the first uid that is not below `uid`. */
  #search(uid: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#uids[middle]! < uid) low = middle + 1
      else high = middle
    }
    return low
  }
}
