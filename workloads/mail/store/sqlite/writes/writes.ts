/** Every write the store knows: name → what it does inside the transaction. */
import type { DatabaseSync } from 'node:sqlite'
import { accountWrites } from './accounts.ts'
import { contents } from './contents.ts'
import { deliveryWrites } from './deliver.ts'
import { expiryWrites } from './expiry.ts'
import { mailboxWrites } from './mailboxes.ts'
import { messageWrites } from './messages.ts'
import { placement } from './placement.ts'
import { removal } from './removal.ts'

export type Writes = ReturnType<typeof writes>

/** `quota` is octets per account. */
export const writes = (db: DatabaseSync, quota: number) => {
  const place = placement(db, quota)
  const content = contents(db)
  const remove = removal(db, content)
  const accounts = accountWrites(db)
  return {
    ...accounts,
    ...mailboxWrites(db),
    ...deliveryWrites(place, content),
    ...messageWrites(db, place, content, remove),
    ...expiryWrites(db, remove, accounts),
  }
}
