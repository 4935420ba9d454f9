/** New accounts by `POST /new`, in the three modes of registration. */
import { createHash, timingSafeEqual } from 'node:crypto'

export type RegistrationMode = 'Open' | 'Token' | 'Closed'

export type RegistrationFailure =
  /** Nobody can register here. */
  | 'closed'
  /** A token is needed, and this is none that is valid. */
  | 'token'
  /** Too much to do, or the store failed: try again later. */
  | 'unavailable'

export type RegistrationResult =
  | { ok: true; address: string; password: string }
  | { ok: false; reason: RegistrationFailure }

const digest = (value: string): Buffer => createHash('sha256').update(value).digest()

/** Compares with every token, in time that tells neither how much of one was right nor which. */
export const isValidToken = (given: string, tokens: readonly string[]): boolean => {
  const wanted = digest(given)
  let valid = false
  for (const token of tokens) if (timingSafeEqual(digest(token), wanted)) valid = true
  return valid
}
