/** What the submission server counts. Numbers alone: no address, no name. */
import { deliveryRefusals } from '../delivery/refusals.ts'
import { policyRefusals, type Refusal } from '../policy/refusal.ts'
import { smtpRefusals } from './refusals.ts'

const reasons = Object.keys({ ...policyRefusals, ...deliveryRefusals, ...smtpRefusals })

export class Counts {
  /** Messages that were acknowledged. */
  accepted = 0
  /** Replies of 400 and above, whatever the reason: also those to malformed commands. */
  errorReplies = 0
  /** Connections that ended in a socket or TLS error. */
  broken = 0
  #refusals = new Map<string, number>(reasons.map((reason) => [reason, 0]))

  refused({ reason }: Refusal): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1)
  }

  /** For `/state` and metrics: `smtpRefused` and the reason → how often, and the others. */
  all(): Record<string, number> {
    return {
      smtpAccepted: this.accepted,
      smtpErrorReplies: this.errorReplies,
      smtpBroken: this.broken,
      ...Object.fromEntries([...this.#refusals].map(([reason, count]) => [countName(reason), count])),
    }
  }
}

const countName = (reason: string): string => `smtpRefused${reason[0]!.toUpperCase()}${reason.slice(1)}`
