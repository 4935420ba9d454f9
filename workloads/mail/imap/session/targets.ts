/** Which messages a command means: a sequence set over sequence numbers or UIDs of the selected mailbox. */
import type { UidRange } from '../../store/store.ts'
import { resolveSet, type SequenceSet } from '../syntax/sequence-set.ts'
import type { MailboxView } from './mailbox-view.ts'
import { bad, type Reply } from './reply.ts'

export const noSuchMessage: Reply = bad('There is no message with this number')

/**
 * Uid ranges of the set. UIDs that do not exist are passed over; null says that a sequence number does not exist, which is
 * the client's error (RFC 9051 §6.4.9), but for an empty mailbox, where `1:*` is common usage.
 */
export const uidRanges = (view: MailboxView, set: SequenceSet, byUid: boolean): UidRange[] | null => {
  if (view.count === 0) return []
  if (byUid) return resolveSet(set, view.highestUid)
  const sequences = resolveSet(set, view.count)
  return sequences.at(-1)!.to > view.count ? null : view.uidRanges(sequences)
}
