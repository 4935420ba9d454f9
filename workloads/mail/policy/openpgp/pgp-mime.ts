/**
 * PGP/MIME (RFC 3156 §4): multipart/encrypted of exactly two parts, the version marker and the armored message.
 */
import { readParts } from '../mime/multipart.ts'
import { type Part, trimmedBody } from '../mime/part.ts'
import { isArmoredEncryptedMessage } from './packets.ts'

const protocol = 'application/pgp-encrypted'
const marker = 'version: 1'

/** True where the message with this root is encrypted, and nothing of its body is readable. */
export const isPgpMime = (bytes: Buffer, root: Part): boolean => {
  if (root.type.type !== 'multipart/encrypted') return false
  if (root.type.parameters.get('protocol')?.toLowerCase() !== protocol) return false
  const [control, data] = readParts(bytes, root, 2) ?? []
  if (!control || !data) return false
  if (control.type.type !== protocol || trimmedBody(bytes, control, marker.length) !== marker) return false
  return data.type.type === 'application/octet-stream' && isArmoredEncryptedMessage(bytes, data.start, data.end)
}
