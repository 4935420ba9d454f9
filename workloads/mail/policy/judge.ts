/**
 * The encryption policy: only OpenPGP-encrypted mail and SecureJoin requests pass, and only in the name of the login.
 * Decided on the structure of the message, in time linear in its size.
 */
import { readHeader, soleValue } from './mime/header.ts'
import { soleAddress } from './mime/mailbox.ts'
import { readPart } from './mime/part.ts'
import { isPgpMime } from './openpgp/pgp-mime.ts'
import { policyRefusals, type Refusal } from './refusal.ts'
import { isSecureJoinRequest } from './securejoin/request.ts'

export type Verdict = { pass: true; kind: 'encrypted' | 'securejoin' } | ({ pass: false } & Refusal)

const refuse = (refusal: Refusal): Verdict => ({ pass: false, ...refusal })

/** Judges a message (dots unstuffed) of the login `sender`, a lower-case address. Never throws. */
export const judge = (message: Buffer, sender: string): Verdict => {
  if (message.includes(0)) return refuse(policyRefusals.nul)
  const header = readHeader(message)
  if (!header) return refuse(policyRefusals.malformed)
  const from = soleValue(message, header, 'from')
  if (!from || soleAddress(from) !== sender) return refuse(policyRefusals.forgedFrom)
  const root = readPart(message, 0, message.length, header)
  if (root && isPgpMime(message, root)) return { pass: true, kind: 'encrypted' }
  if (root && isSecureJoinRequest(message, root)) return { pass: true, kind: 'securejoin' }
  return refuse(policyRefusals.unencrypted)
}
