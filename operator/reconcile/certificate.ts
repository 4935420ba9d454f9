/** The certificate that mail gets, and what is to be said of it. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { certificateSource } from '../api/certificate-source.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import { isSelfSigned, selfSignedCertificate } from '../certificate/self-signed.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Certificate } from '../render/facts.ts'
import { names } from '../render/names.ts'
import type { Verdict } from '../status/verdict.ts'
import type { Gathered } from './gather.ts'
import { secretText } from './view.ts'

export type CertificateStep = { certificate: Certificate; verdict: Verdict<'CertificateReady'> }

const bareDomain = (domain: string): string => domain.replace(/^\[|\]$/g, '')

/** Names and addresses that clients may connect to. */
export const certificateNames = ({ spec }: ChatmailServer): string[] => [
  ...new Set([bareDomain(spec.domain), ...(spec.exposure.host ? [spec.exposure.host] : [])]),
]

const advice =
  'For one that every client accepts, set spec.tls.issuerRef to an issuer of cert-manager, or spec.tls.secretName to a Secret with yours.'

const selfSigned = ({ server, live, now }: Gathered, random: (bytes: number) => Buffer): CertificateStep => {
  const secretName = names.certificate(server)
  const secret = live.get(`Secret/${secretName}`)
  const kept = { crt: secretText(secret, mountedFiles.certificate), key: secretText(secret, mountedFiles.privateKey) }
  const pem = selfSignedCertificate(kept, certificateNames(server), now, random)
  const expected = server.spec.domain.startsWith('_') || server.spec.domain.startsWith('[')
  return {
    certificate: { secretName, issuer: null, pem, selfSigned: true },
    verdict: {
      status: 'True',
      reason: 'SelfSigned',
      message: expected
        ? 'Self-signed, as this kind of domain needs; the invites of the server tell clients to accept it.'
        : `Self-signed: only clients that join by an invite of the page accept it. ${advice}`,
    },
  }
}

/** The certificate of a Secret, or null where it or its key cannot be read, or they are not of one another. */
const usable = (secret: KubeObject | null): X509Certificate | null => {
  try {
    const x509 = new X509Certificate(secretText(secret, mountedFiles.certificate) ?? '')
    const key = createPrivateKey(secretText(secret, mountedFiles.privateKey) ?? '')
    return x509.checkPrivateKey(key) ? x509 : null
  } catch {
    return null
  }
}

const day = (date: Date): string => date.toISOString().slice(0, 10)

const judged = (x509: X509Certificate, { server, now }: Gathered, from: string): Verdict<'CertificateReady'> => {
  const end = new Date(x509.validTo)
  if (end.getTime() < now)
    return { status: 'False', reason: 'Expired', message: `The certificate ${from} ended on ${day(end)}. Renew it.` }
  const missing = certificateNames(server).filter((name) => !(isIP(name) ? x509.checkIP(name) : x509.checkHost(name)))
  if (missing.length)
    return {
      status: 'False',
      reason: 'WrongName',
      message: `The certificate ${from} is not for ${missing.join(', ')}. Put one for that name there.`,
    }
  return { status: 'True', reason: 'Issued', message: `Valid until ${day(end)}.` }
}

/** `whenMissing` says why there is none and what to do. */
const kept = (
  gathered: Gathered,
  certificate: Certificate,
  whenMissing: Verdict<'CertificateReady'>,
): CertificateStep => {
  const x509 = usable(gathered.keptCertificate)
  if (!x509) return { certificate, verdict: whenMissing }
  return {
    certificate: { ...certificate, selfSigned: isSelfSigned(x509) },
    verdict: judged(x509, gathered, `in the Secret ${certificate.secretName}`),
  }
}

export const takeCertificate = (gathered: Gathered, random: (bytes: number) => Buffer): CertificateStep => {
  const { server, live } = gathered
  const source = certificateSource(server.spec)
  if (source.kind === 'SelfSigned') return selfSigned(gathered, random)
  const base = { issuer: null, pem: null, selfSigned: false }
  if (source.kind === 'Secret')
    return kept(
      gathered,
      { ...base, secretName: source.secretName },
      {
        status: 'False',
        reason: 'SecretMissing',
        message: `The Secret ${source.secretName} has no usable tls.crt and tls.key. Make it: kubectl -n ${server.metadata.namespace} create secret tls ${source.secretName} --cert=FILE --key=FILE`,
      },
    )
  const secretName = names.certificate(server)
  return kept(
    gathered,
    { ...base, secretName, issuer: gathered.certManager ? source.issuerRef : null },
    {
      status: 'False',
      reason: 'Pending',
      message: issuingMessage(live.get(`Certificate/${secretName}`), server),
    },
  )
}

type CertificateObject = KubeObject & { status?: { conditions?: { type: string; status: string; message?: string }[] } }

const issuingMessage = (certificate: KubeObject | undefined, server: ChatmailServer): string => {
  const { status } = (certificate ?? {}) as CertificateObject
  const told = status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? 'it has not begun'
  const name = names.certificate(server)
  return `cert-manager has not issued the certificate ${name} yet: ${told}. kubectl -n ${server.metadata.namespace} describe certificate ${name} tells more.`
}
