/**
 * Takes out of a message's header what would tell a recipient about the sender's network or device. All else, the
 * Message-ID too, stays as it is, and nothing is added.
 */
import { readHeader } from '../policy/mime/header.ts'

const revealing = new Set(['received', 'x-originating-ip', 'user-agent', 'x-mailer'])

/** The message without those fields; the same buffer where it has none of them. */
export const withoutRevealingFields = (message: Buffer): Buffer => {
  const kept: Buffer[] = []
  let from = 0
  for (const field of readHeader(message)?.fields ?? []) {
    if (!revealing.has(field.name)) continue
    kept.push(message.subarray(from, field.start))
    from = field.end
  }
  return from === 0 ? message : Buffer.concat([...kept, message.subarray(from)])
}
