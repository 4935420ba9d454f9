/**
 * TURN credentials after the REST scheme (draft-uberti-behave-turn-rest-00 §2.2) in the form that Delta Chat reads:
 * the user name is the expiry as a bare integer, the password its HMAC-SHA1 under the shared secret.
 */
import { createHash, createHmac } from 'node:crypto'

export type TurnCredential = { username: string; password: string }

/** base64(HMAC-SHA1(secret, username)); 28 characters. */
export const turnPassword = (secret: string, username: string): string =>
  createHmac('sha1', secret).update(username).digest('base64')

/** A credential that is valid until `expiry`, in whole Unix seconds. */
export const turnCredential = (secret: string, expiry: number): TurnCredential => {
  const username = String(expiry)
  return { username, password: turnPassword(secret, username) }
}

/** The long-term key of RFC 8489 §9.2.2: MD5(username ":" realm ":" password), 16 bytes. */
export const longTermKey = (username: string, realm: string, password: string): Buffer =>
  createHash('md5').update(`${username}:${realm}:${password}`).digest()
