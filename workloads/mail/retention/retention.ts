/** Removes what is too old, by arrival: the clients' own dates are random on purpose. */
import type { MailConfig } from '../../contract/mail-config.ts'
import type { Logger } from '../../kit/log/logger.ts'
import type { MailStore, RetentionPolicy } from '../store/store.ts'

const dayMs = 86_400_000
const everyMs = 3_600_000

/** What the store is to remove at `now`, in Unix milliseconds. */
const retentionPolicy = (retention: MailConfig['retention'], now: number): RetentionPolicy => ({
  messagesBefore: now - retention.messages * 1000,
  largeMessagesBefore: now - retention.largeMessages * 1000,
  largeMessageSize: retention.largeMessageSize,
  accountsBefore: Math.floor((now - retention.inactiveAccounts * 1000) / dayMs),
})

export type RetentionOptions = { store: MailStore; retention: MailConfig['retention']; now: () => number; log: Logger }

const expireAll = async ({ store, retention, now, log }: RetentionOptions, ended: AbortSignal): Promise<void> => {
  const total = { messages: 0, accounts: 0 }
  for (let more = true; more && !ended.aborted; ) {
    const removed = await store.expire(retentionPolicy(retention, now()))
    total.messages += removed.messages
    total.accounts += removed.accounts
    more = removed.more
  }
  if (total.messages + total.accounts > 0) log.info(total, 'removed what was too old')
}

/** Runs at once and then every hour; the returned function ends that. */
export const keepRetention = (options: RetentionOptions): (() => void) => {
  const ending = new AbortController()
  const run = () =>
    expireAll(options, ending.signal).catch((error) => {
      // The store is closed under the last slice; what it did not remove, the next start does.
      if (!ending.signal.aborted) options.log.error({ err: error }, 'removing old messages failed')
    })
  void run()
  const timer = setInterval(run, everyMs).unref()
  return () => {
    clearInterval(timer)
    ending.abort()
  }
}
