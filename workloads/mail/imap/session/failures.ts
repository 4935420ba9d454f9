/** What the store refused, as tagged replies with the response codes of RFC 5530 and RFC 9208. */
import { MailboxExists, MailboxMissing, QuotaExceeded, StoreFull } from '../../store/store.ts'
import { no, type Reply } from './reply.ts'

/** `missing` is NONEXISTENT, or TRYCREATE where the client may create the mailbox and try again (RFC 3501 §7.1). */
export const refusal = (error: unknown, missing: 'NONEXISTENT' | 'TRYCREATE' = 'NONEXISTENT'): Reply | null => {
  if (error instanceof QuotaExceeded) return no('OVERQUOTA', 'The quota does not allow this')
  if (error instanceof MailboxExists) return no('ALREADYEXISTS', 'The mailbox exists already')
  if (error instanceof MailboxMissing) return no(missing, 'There is no such mailbox')
  if (error instanceof StoreFull) return no('UNAVAILABLE', 'The server has no room at present')
  return null
}

/** For a failure of ours: the client may try again. */
export const unavailable: Reply = no('UNAVAILABLE', 'Temporary failure, try again later')
