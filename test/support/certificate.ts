/** Self-signed certificates for tests, made the way that the local runner makes them. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:tls'
import { selfSignedCertificate as renewed } from '../../operator/certificate/self-signed.ts'

/** A certificate of its own for these DNS names and addresses, in PEM; for a new key unless one is given. */
export const selfSignedCertificate = async (
  names: readonly string[],
  given: string | null = null,
): Promise<{ cert: string; key: string }> => {
  const { crt, key } = await renewed({ crt: null, key: given }, names, Date.now(), randomBytes)
  return { cert: crt, key }
}

/** The certificate that a TLS port of loopback shows now, in PEM. */
export const certificateAt = async (port: number): Promise<string> => {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerX509Certificate()!.toString()
  } finally {
    socket.destroy()
  }
}
