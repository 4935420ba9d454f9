/** What the store refused, as tagged replies with the response codes of RFC 5530 and RFC 9208. */
import type { Logger } from '../../../kit/log/logger.ts'
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
const unavailable: Reply = no('UNAVAILABLE', 'Temporary failure, try again later')

/**
 * The reply to whatever a command threw. What nobody foresaw is logged with its place in the code, without its message,
 * which might hold content.
 */
export const failure = (error: unknown, command: string | undefined, log: Logger): Reply => {
  const known = refusal(error)
  if (known) return known
  const { name, stack = '' } = error as Error
  const where = stack.split('\n').filter((line) => line.startsWith('    at '))
  log.error({ command, error: name, where }, 'IMAP command failed')
  return unavailable
}
