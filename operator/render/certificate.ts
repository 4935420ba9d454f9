/** The certificate that cert-manager is asked for. Its key stays over renewals, because clients remember it. */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { Facts } from './facts.ts'
import { names } from './names.ts'
import { type IssuedCertificate, metadata } from './objects.ts'

export const issuedCertificate = (server: ChatmailServer, { certificate, publicHost }: Facts): IssuedCertificate[] => {
  const { secretName, issuer } = certificate
  if (!issuer) return []
  const dnsNames = [...new Set([server.spec.domain, publicHost])]
  return [
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: metadata(server, 'mail', names.certificate(server)),
      spec: {
        secretName,
        dnsNames,
        issuerRef: { ...issuer, group: 'cert-manager.io' },
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' },
        usages: ['digital signature', 'server auth'],
      },
    },
  ]
}
