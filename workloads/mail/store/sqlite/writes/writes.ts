/** Every write the store knows: name → what it does inside the transaction. */
import type { DatabaseSync } from 'node:sqlite'
import type { Room } from '../room.ts'
import { accountWrites } from './accounts.ts'
import { contents } from './contents.ts'
import { deliveryWrites } from './deliver.ts'
import { expiryWrites } from './expiry.ts'
import { mailboxWrites } from './mailboxes.ts'
import { messageWrites } from './messages.ts'
import { type Limits, placement } from './placement.ts'
import { removal } from './removal.ts'

export type Writes = ReturnType<typeof writes>

/** `room` refuses what would fill the disk. */
export const writes = (db: DatabaseSync, limits: Limits, room: Room) => {
  const place = placement(db, limits)
  const content = contents(db)
  const remove = removal(db, content)
  const accounts = accountWrites(db, room)
  return {
    ...accounts,
    ...mailboxWrites(db),
    ...deliveryWrites(place, content, room),
    ...messageWrites(db, place, content, remove),
    ...expiryWrites(db, remove, accounts),
  }
}
