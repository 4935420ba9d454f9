/** New messages: delivery to many accounts at once, and APPEND (RFC 9051 §6.3.12). */
import type { Delivered, Placed } from '../../store.ts'
import type { StoredMessage } from '../content.ts'
import { checkKeywords, namesOf } from '../flags.ts'
import type { Room } from '../room.ts'
import type { Contents } from './contents.ts'
import type { Effects } from './effects.ts'
import type { Place, Placement } from './placement.ts'

const added = (message: StoredMessage, { mailboxId, uid, modseq }: Place) => ({
  mailboxId,
  kind: 'added' as const,
  messages: [
    {
      uid,
      modseq,
      flags: namesOf(message.flags, message.keywords),
      size: message.size,
      receivedAt: message.receivedAt,
    },
  ],
})

/** What the database itself grows by; a blob's room was asked for when it was written. */
const inRow = ({ data }: StoredMessage): number => data?.length ?? 0

export const deliveryWrites = (placement: Placement, contents: Contents, room: Room) => {
  const deliverTo = (accountId: number, message: StoredMessage, content: () => number, effects: Effects) => {
    const inbox = placement.inbox(accountId)
    if (inbox === undefined) return 'no-account'
    if (!placement.fits(accountId, message.size)) return 'over-quota'
    effects.changes.push(added(message, placement.put(inbox, { ...message, contentId: content() })))
    return 'delivered'
  }

  return {
    /** An account that is named twice gets one message. */
    deliver: (
      { message, accountIds }: { message: StoredMessage; accountIds: readonly number[] },
      effects: Effects,
    ): Delivered[] => {
      room(inRow(message))
      let contentId = 0
      const content = () => (contentId ||= contents.insert(message))
      const outcomes = new Map<number, Delivered['outcome']>()
      for (const id of accountIds) if (!outcomes.has(id)) outcomes.set(id, deliverTo(id, message, content, effects))
      if (contentId) contents.retain(contentId, effects.changes.length)
      return accountIds.map((accountId) => ({ accountId, outcome: outcomes.get(accountId)! }))
    },

    append: ({ mailboxId, message }: { mailboxId: number; message: StoredMessage }, effects: Effects): Placed => {
      placement.check(placement.owner(mailboxId).accountId, [message.size])
      checkKeywords(message)
      room(inRow(message))
      const contentId = contents.insert(message)
      contents.retain(contentId, 1)
      const place = placement.put(mailboxId, { ...message, contentId })
      effects.changes.push(added(message, place))
      return { mailboxId, uidValidity: place.uidValidity, uids: [place.uid] }
    },
  }
}
