/** Endpoint keys: an Iroh endpoint is its ed25519 public key (RFC 8032), and proves it with a signature. */
import { createPublicKey, verify } from 'node:crypto'

export const signatureBytes = 64

/**
 * Encodings of the points of small order, without the sign bit: for them anybody can make a signature that verifies, so
 * such a key is nobody's. RFC 8032 §5.1.7 leaves them to the verifier; OpenSSL 3.0 takes them, 3.5 does not.
 */
const smallOrder: ReadonlySet<string> = new Set(
  [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ].map((hex) => Buffer.from(hex, 'hex').toString('latin1')),
)

/** Whether the key is a point of small order, in whatever encoding. */
export const isSmallOrder = (key: Buffer): boolean => {
  const y = Buffer.from(key)
  y[31]! &= 0x7f
  return smallOrder.has(y.toString('latin1'))
}

/** Whether `signature` proves that its maker holds the secret half of `key`. Never throws. */
export const isSignedBy = (key: Buffer, message: Uint8Array, signature: Buffer): boolean => {
  if (isSmallOrder(key)) return false
  try {
    // A tenth of the time that reading the key as DER takes.
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') }
    return verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature)
  } catch {
    return false
  }
}
