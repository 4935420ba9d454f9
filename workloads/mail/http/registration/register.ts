/** What `POST /new` asks of the accounts. */
import type { RegistrationFailure, RegistrationResult } from '../../accounts/registration.ts'

/** New credentials; in token mode only for a valid `token`. Never throws. */
export type Register = (token: string | null) => Promise<RegistrationResult>

/** Whether an address may make one more account now. */
export type MayRegister = (address: string) => boolean

/** HTTP status and the words that Delta Chat shows its user as they are. */
export const refusals: Record<RegistrationFailure, { status: number; reason: string }> = {
  closed: { status: 403, reason: 'This server does not take new accounts. Ask its operator for one.' },
  token: {
    status: 403,
    reason: 'This server takes new accounts by invitation only: the invitation is missing or no longer valid.',
  },
  unavailable: { status: 503, reason: 'This server is busy. Please try again in a minute.' },
}
