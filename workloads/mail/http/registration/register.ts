/** What `POST /new` asks of the accounts. */

export type RegisterFailure = 'closed' | 'token' | 'unavailable'

export type Registered = { ok: true; address: string; password: string } | { ok: false; reason: RegisterFailure }

/** New credentials; in token mode only for a valid `token`. Never throws. */
export type Register = (token: string | null) => Promise<Registered>

/** HTTP status and the words that Delta Chat shows its user as they are. */
export const refusals: Record<RegisterFailure, { status: number; reason: string }> = {
  closed: { status: 403, reason: 'This server does not take new accounts. Ask its operator for one.' },
  token: {
    status: 403,
    reason: 'This server takes new accounts by invitation only: the invitation is missing or no longer valid.',
  },
  unavailable: { status: 503, reason: 'This server is busy. Please try again in a minute.' },
}
