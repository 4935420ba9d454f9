/** What the API server refuses, as a typed error made of its `Status` answer. */

export type StatusCause = { reason?: string; message?: string; field?: string }

export type StatusDetails = {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

/** The body of a refusal, kind `Status` of `v1`; a proxy in between may answer with anything else. */
export type Status = { code?: number; reason?: string; message?: string; details?: StatusDetails }

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  /** `Conflict`, `NotFound`, `Invalid`, …; `Unknown` where the server gave none. */
  readonly reason: string
  readonly details: StatusDetails | undefined
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, answer: Status, retryAfterMs?: number) {
    super(answer.message || `the API server answered ${status}`)
    this.status = status
    this.reason = answer.reason || 'Unknown'
    this.details = answer.details
    this.retryAfterMs = retryAfterMs
  }
}

/** The stream of a watch was not what the API server sends: what it told may be incomplete. */
export class WatchFormatError extends Error {
  override readonly name = 'WatchFormatError'
}

const has =
  (check: (error: ApiError) => boolean) =>
  (error: unknown): error is ApiError =>
    error instanceof ApiError && check(error)

export const isUnauthorized = has(({ status }) => status === 401)
export const isForbidden = has(({ status }) => status === 403)
export const isNotFound = has(({ status }) => status === 404)
export const isAlreadyExists = has(({ status, reason }) => status === 409 && reason === 'AlreadyExists')
/** The object changed since it was read, or its fields belong to another manager. */
export const isConflict = has(({ status, reason }) => status === 409 && reason !== 'AlreadyExists')
/** A server-side apply without force that wants fields which another manager owns; `details.causes` names them. */
export const isFieldConflict = has(
  ({ status, details }) => status === 409 && !!details?.causes?.some(({ reason }) => reason === 'FieldManagerConflict'),
)
/** The resource version or the continue token is too old. */
export const isGone = has(({ status, reason }) => status === 410 || reason === 'Expired')
export const isInvalid = has(({ status }) => status === 422)
export const isTooManyRequests = has(({ status }) => status === 429)
export const isServerError = has(({ status }) => status >= 500)

const parsed = (body: string): Status => {
  try {
    const value = JSON.parse(body)
    return value?.kind === 'Status' ? value : {}
  } catch {
    return {}
  }
}

/** Seconds of a `Retry-After` header, RFC 9110 §10.2.3; the API server never sends the form with a date. */
const retryAfter = (header: string | undefined, details: StatusDetails | undefined): number | undefined => {
  const seconds = header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : details?.retryAfterSeconds
  return seconds === undefined ? undefined : seconds * 1000
}

/** The error for an answer of 400 or above. */
export const apiError = (status: number, body: string, retryAfterHeader?: string): ApiError => {
  const answer = parsed(body)
  return new ApiError(status, answer, retryAfter(retryAfterHeader, answer.details))
}
