/** An endpoint's key pair, made for the moment. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export type Identity = {
  /** The public key, 32 bytes. */
  key: Buffer
  sign: (message: Uint8Array) => Buffer
}

export const identityOf = (privateKey: KeyObject): Identity => ({
  key: Buffer.from(privateKey.export({ format: 'jwk' }).x!, 'base64url'),
  sign: (message) => sign(null, message, privateKey),
})

export const newIdentity = (): Identity => identityOf(generateKeyPairSync('ed25519').privateKey)
