/** Where the certificate of a server comes from, after `tls.source: Auto` has been decided. */
import type { ChatmailServerSpec } from './chatmail-server.ts'

export type CertificateSource =
  | { kind: 'Secret'; secretName: string }
  | { kind: 'CertManager'; issuerRef: { name: string; kind: string } }
  | { kind: 'SelfSigned' }

export const certificateSource = ({ tls }: ChatmailServerSpec): CertificateSource => {
  const { source, secretName, issuerRef } = tls
  const wants = (kind: typeof source): boolean => source === kind || source === 'Auto'
  if (wants('Secret') && secretName) return { kind: 'Secret', secretName }
  if (wants('CertManager') && issuerRef) return { kind: 'CertManager', issuerRef }
  return { kind: 'SelfSigned' }
}
