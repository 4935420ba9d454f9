/**
 * How an Iroh 0.35 client says who it is, in its first frame. The relay says nothing before and nothing after.
 *
 *     ClientInfo = magic(9) key(32) signature(64) message
 *     magic      = "RELAY" U+1F511
 *     message    = version as LEB128, whatever follows it   ; the signature is over the message alone
 */
import { isSignedBy, signatureBytes } from '../keys/endpoint-key.ts'
import { buildFrame, frameTypes, keyBytes, payloadOf, typeOf } from './frames.ts'

const magic = Buffer.from('RELAY🔑')
const protocolVersion = 3
const keyAt = magic.length
const signatureAt = keyAt + keyBytes
const messageAt = signatureAt + signatureBytes

/** What the client signs: there is no challenge. */
export const clientMessage = Buffer.of(protocolVersion)

/** `sign` makes the signature of the secret half of `key`. */
export const buildClientInfo = (key: Uint8Array, sign: (message: Buffer) => Buffer): Buffer =>
  buildFrame(frameTypes.clientInfo, magic, key, sign(clientMessage), clientMessage)

/** The key that the client has proven, or null. */
export const readClientInfo = (frame: Buffer): Buffer | null => {
  const payload = payloadOf(frame)
  if (typeOf(frame) !== frameTypes.clientInfo || payload.length <= messageAt) return null
  if (!payload.subarray(0, keyAt).equals(magic) || payload[messageAt] !== protocolVersion) return null
  const key = payload.subarray(keyAt, signatureAt)
  return isSignedBy(key, payload.subarray(messageAt), payload.subarray(signatureAt, messageAt))
    ? Buffer.from(key)
    : null
}
