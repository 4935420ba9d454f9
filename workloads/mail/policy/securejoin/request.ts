/**
 * The one step of a SecureJoin handshake that cannot be encrypted yet: the request that follows the scan of an invite
 * whose maker does not speak version 3 of it. All later steps are encrypted.
 *
 *     header   Secure-Join: vc-request / vg-request
 *     body     multipart/mixed with one text/plain part, or text/plain itself (Delta Chat 2.59.0), that holds
 *              "Secure-Join: " and the same step, and nothing else
 */
import { soleValue } from '../mime/header.ts'
import { readParts } from '../mime/multipart.ts'
import { type Part, trimmedBody } from '../mime/part.ts'

const steps = new Set(['vc-request', 'vg-request'])

const textOf = (bytes: Buffer, root: Part): Part | undefined => {
  if (root.type.type === 'text/plain') return root
  return root.type.type === 'multipart/mixed' ? readParts(bytes, root, 1)?.[0] : undefined
}

/** True where the message with this root is such a request. */
export const isSecureJoinRequest = (bytes: Buffer, root: Part): boolean => {
  const step = soleValue(bytes, root.header, 'secure-join')?.toLowerCase()
  if (!step || !steps.has(step)) return false
  const text = textOf(bytes, root)
  const expected = `secure-join: ${step}`
  return text?.type.type === 'text/plain' && trimmedBody(bytes, text, expected.length) === expected
}
