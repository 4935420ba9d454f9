/**
 * A refusal of a message in SMTP terms: reply code (RFC 5321 §4.2), enhanced status code (RFC 3463) and text. The texts
 * are the same for everybody and name no address, so they may be counted and shown.
 */

export type Refusal = {
  /** Names the refusal in counts. */
  reason: string
  code: number
  enhanced: string
  text: string
}

/** A table of refusals under their reasons. */
export const refusalTable = <K extends string>(
  table: Record<K, readonly [code: number, enhanced: string, text: string]>,
): Record<K, Refusal> =>
  Object.fromEntries(
    Object.entries<readonly [number, string, string]>(table).map(([reason, [code, enhanced, text]]) => [
      reason,
      { reason, code, enhanced, text },
    ]),
  ) as Record<K, Refusal>

/**
 * What the policy refuses. Delta Chat tells its user that the server wants encryption when a permanent reply holds
 * `invalid unencrypted mail`; the code 523 is the one that chatmail servers answer.
 */
export const policyRefusals = refusalTable({
  unencrypted: [523, '5.7.1', 'Encryption Needed: Invalid Unencrypted Mail'],
  forgedFrom: [554, '5.7.1', 'From header must be the authenticated sender, once'],
  malformed: [554, '5.6.0', 'Message header is malformed'],
  nul: [554, '5.6.0', 'Message contains a NUL byte'],
})
