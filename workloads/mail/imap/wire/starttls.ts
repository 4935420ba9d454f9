/** The upgrade of a plain connection to TLS (RFC 3501 §6.2.1). */
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'

/** A server-side TLS socket over `plain`; closing either closes the other. */
export const startTls = (plain: Socket, secureContext: SecureContext): TLSSocket => {
  const secure = new TLSSocket(plain, { isServer: true, secureContext })
  plain.on('close', () => secure.destroy())
  secure.on('close', () => plain.destroy())
  return secure
}
