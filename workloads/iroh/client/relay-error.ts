/** What a relay, or the way to it, did instead of what a client expects. `code` says it to programs. */
export class RelayError extends Error {
  override name = 'RelayError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** The code of whatever was thrown: ours, the system's, that of TLS, or FAILED. */
export const codeOf = (error: unknown): string => {
  const { code, name } = error as { code?: unknown; name?: unknown }
  if (name === 'TimeoutError' || name === 'AbortError') return 'TIMEOUT'
  return typeof code === 'string' ? code : 'FAILED'
}
