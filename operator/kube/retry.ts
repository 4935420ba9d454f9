/** Which calls are made again, and when: only where a second call can do no harm, and only a few times. */
import { ApiError } from './errors.ts'

export type RetryPolicy = {
  attempts: number
  /** The wait before the second attempt, in milliseconds; it doubles. */
  baseMs: number
  /** A server that wants to be left alone for longer gets its way through the caller. */
  maxMs: number
}

export const defaultRetries: RetryPolicy = { attempts: 5, baseMs: 100, maxMs: 10_000 }

/** What undici reports when a request never left this machine. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])
const broken = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

const code = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '')

const worthwhile = (error: unknown, method: string): boolean => {
  // Everything but a POST leads to the same state when it is done twice.
  const idempotent = method !== 'POST'
  if (error instanceof ApiError) return error.status === 429 || (idempotent && error.status >= 500)
  return neverSent.has(code(error)) || (idempotent && broken.has(code(error)))
}

/**
 * Milliseconds to wait before the call is made again, or null when its error goes to the caller.
 * @param attempt of the call that failed, from 1
 */
export const retryDelay = (
  error: unknown,
  method: string,
  attempt: number,
  random: () => number,
  policy: RetryPolicy = defaultRetries,
): number | null => {
  if (attempt >= policy.attempts || !worthwhile(error, method)) return null
  const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
  if (asked > policy.maxMs) return null
  const backoff = Math.min(policy.baseMs * 2 ** (attempt - 1), policy.maxMs)
  return asked + backoff * (0.5 + random() / 2)
}
