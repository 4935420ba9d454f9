/**
 * How an Iroh 1.x client proves its key: the relay sends 16 random bytes, the client signs what BLAKE3 derives from them.
 * Bodies are postcard, so byte strings of variable length have a LEB128 length before them.
 *
 *     ServerChallenge    = challenge(16)
 *     ClientAuth         = key(32) length signature(64)   ; length is the byte 0x40
 *     ServerConfirmsAuth =
 *     ServerDeniesAuth   = length reason
 */
import { blake3 } from '@noble/hashes/blake3.js'
import { isSignedBy, signatureBytes } from '../keys/endpoint-key.ts'
import { bodyOf, buildFrame, frameTypes, keyBytes, typeOf } from './frames.ts'

export const challengeBytes = 16
const context = new TextEncoder().encode('iroh-relay handshake v1 challenge signature')
const authBytes = keyBytes + 1 + signatureBytes

/** What the client signs for `challenge`. */
export const signedMessage = (challenge: Uint8Array): Uint8Array => blake3(challenge, { context })

export const buildChallenge = (challenge: Uint8Array): Buffer => buildFrame(frameTypes.serverChallenge, challenge)

/** `sign` makes the signature of the secret half of `key`. */
export const buildClientAuth = (
  key: Uint8Array,
  challenge: Uint8Array,
  sign: (message: Uint8Array) => Buffer,
): Buffer => buildFrame(frameTypes.clientAuth, key, Buffer.of(signatureBytes), sign(signedMessage(challenge)))

export type ClientAuth = { key: Buffer } | { refused: 'malformed' | 'signature invalid' }

/** The key that the client has proven, or why there is none. */
export const readClientAuth = (frame: Buffer, challenge: Uint8Array): ClientAuth => {
  const body = bodyOf(frame)
  const wellFormed =
    typeOf(frame) === frameTypes.clientAuth && body.length === authBytes && body[keyBytes] === signatureBytes
  if (!wellFormed) return { refused: 'malformed' }
  const key = Buffer.from(body.subarray(0, keyBytes))
  return isSignedBy(key, signedMessage(challenge), body.subarray(keyBytes + 1))
    ? { key }
    : { refused: 'signature invalid' }
}

export const confirmation = buildFrame(frameTypes.serverConfirmsAuth)

/** `reason` has fewer than 128 bytes. */
export const buildDenial = (reason: string): Buffer => {
  const text = Buffer.from(reason)
  return buildFrame(frameTypes.serverDeniesAuth, Buffer.of(text.length), text)
}
