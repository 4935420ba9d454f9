/**
 * TLS as every listener speaks it. A handshake and what a session keeps of it are most of what an idle connection costs.
 */
import { DEFAULT_CIPHERS } from 'node:tls'

export const tlsSettings = {
  minVersion: 'TLSv1.2',
  /**
   * X25519 where the client knows it: the hybrid with ML-KEM takes a quarter more time for each handshake and 9 KB of
   * each session's memory, and what this layer carries is end-to-end encrypted itself. A client that insists on the
   * hybrid gets it.
   */
  ecdhCurve: 'X25519:X25519MLKEM768:P-256:P-384',
  /** AES-128 with SHA-256 first: both have instructions of their own on every server. */
  ciphers: `TLS_AES_128_GCM_SHA256:${DEFAULT_CIPHERS}`,
  honorCipherOrder: true,
} as const
