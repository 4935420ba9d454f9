/**
 * From an accepted submission to the recipients' mailboxes: who may send as whom, to whom, how fast, and what. It knows
 * nothing of SMTP but the refusals.
 */
import type { Session } from '../accounts/login.ts'
import { judge } from '../policy/judge.ts'
import type { Refusal } from '../policy/refusal.ts'
import type { Delivered, MailStore } from '../store/store.ts'
import { withoutRevealingFields } from './hygiene.ts'
import { createRate, type RateLimits } from './rate.ts'
import { findRecipient, normalAddress } from './recipient.ts'
import { deliveryRefusals } from './refusals.ts'

export type DeliveryOptions = {
  store: Pick<MailStore, 'accounts' | 'messages' | 'usage'>
  /** The server's domain as accounts have it, lower case. */
  domain: string
  limits: RateLimits
  clock: {
    /** Unix milliseconds: when a message is received. */
    now: () => number
    /** Milliseconds that never go back: what rates are measured with. */
    monotonic: () => number
  }
  /** Told of a failing store; the sender is asked to try again. */
  onError?: (error: unknown) => void
}

export type Submission = { session: Session; recipients: ReadonlySet<number>; content: Buffer }

/** Nothing here throws or rejects: a store that fails is a refusal too. */
export interface Delivery {
  /** MAIL: may the session send as this address? */
  sender(session: Session, address: string): Refusal | null
  /** Once per message, at its first RCPT: does the session send too fast? */
  pace(session: Session): Refusal | null
  /** RCPT: the account that the address names. A full mailbox is refused here, before a large message is sent for it. */
  recipient(address: string): Promise<number | Refusal>
  /** DATA: null once the message is durable in every recipient's INBOX. All recipients get it, or none. */
  submit(submission: Submission): Promise<Refusal | null>
}

/** A retry delivers again to those that got it, under the same Message-ID; better than one that never does. */
const outcomeOf = (delivered: readonly Delivered[]): Refusal | null => {
  if (delivered.some(({ outcome }) => outcome === 'over-quota')) return deliveryRefusals.overQuota
  return delivered.some(({ outcome }) => outcome === 'delivered') ? null : deliveryRefusals.unknownRecipient
}

export const createDelivery = ({ store, domain, limits, clock, onError }: DeliveryOptions): Delivery => {
  const rate = createRate(limits)

  const failed = (error: unknown): Refusal => {
    onError?.(error)
    return deliveryRefusals.failed
  }

  const hasRoom = async (accountId: number, size: number): Promise<boolean> => {
    const { used, limit } = await store.usage(accountId)
    return used + size <= limit
  }

  const allHaveRoom = async (recipients: ReadonlySet<number>, size: number): Promise<boolean> => {
    for (const accountId of recipients) if (!(await hasRoom(accountId, size))) return false
    return true
  }

  const deliver = async (recipients: ReadonlySet<number>, content: Buffer): Promise<Refusal | null> => {
    // The store decides for each mailbox; where there are several, a full one must not be found after others were filled.
    if (recipients.size > 1 && !(await allHaveRoom(recipients, content.length))) return deliveryRefusals.overQuota
    return outcomeOf(await store.messages.deliver({ content, flags: [], receivedAt: clock.now() }, [...recipients]))
  }

  const roomyRecipient = async (address: string): Promise<number | Refusal> => {
    const found = await findRecipient(store.accounts, domain, address)
    return typeof found !== 'number' || (await hasRoom(found, 1)) ? found : deliveryRefusals.overQuota
  }

  const judged = async ({ session, recipients, content }: Submission): Promise<Refusal | null> => {
    const verdict = judge(content, session.address)
    return verdict.pass ? deliver(recipients, withoutRevealingFields(content)) : verdict
  }

  return {
    sender: (session, address) => (normalAddress(address) === session.address ? null : deliveryRefusals.senderNotOwned),
    pace: (session) => (rate(session.accountId, clock.monotonic()) ? null : deliveryRefusals.tooFast),
    recipient: (address) => roomyRecipient(address).catch(failed),
    submit: (submission) => judged(submission).catch(failed),
  }
}
