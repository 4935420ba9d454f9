/**
 * The self-signed certificate: P-256, every name and address that clients may use, not a CA (clients refuse one as a
 * server's own). The key is kept over renewals, because clients remember it.
 */
import { createPrivateKey, createPublicKey, webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 86_400_000
const validDays = 3650
/** A certificate that is about to end is renewed at the next start. */
const renewBeforeDays = 30
/** Clocks of phones are off. */
const backdateDays = 1

export type CertificatePem = { crt: string; key: string }

const keyPairOf = async (pem: string): Promise<webcrypto.CryptoKeyPair> => {
  const privateKey = createPrivateKey(pem)
  const publicKey = createPublicKey(privateKey)
  const importKey = (format: 'pkcs8' | 'spki', der: Buffer, usage: webcrypto.KeyUsage) =>
    webcrypto.subtle.importKey(format, der, algorithm, true, [usage])
  return {
    privateKey: await importKey('pkcs8', privateKey.export({ type: 'pkcs8', format: 'der' }), 'sign'),
    publicKey: await importKey('spki', publicKey.export({ type: 'spki', format: 'der' }), 'verify'),
  }
}

const newKey = async (): Promise<string> => {
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey))
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }) as string
}

const issue = async (key: string, names: readonly string[], now: number): Promise<string> => {
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=chatmail',
      keys: await keyPairOf(key),
      signingAlgorithm: algorithm,
      notBefore: new Date(now - backdateDays * dayMs),
      notAfter: new Date(now + validDays * dayMs),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          names.map((name) => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
        ),
      ],
    },
    webcrypto as typeof globalThis.crypto,
  )
  return `${certificate.toString('pem')}\n`
}

/** Alternative names of `crt` as `DNS:name` and `IP Address:address`, as OpenSSL prints them. */
const namesOf = (certificate: X509Certificate): Set<string> =>
  new Set((certificate.subjectAltName ?? '').split(', ').map((entry) => entry.replace(/^(DNS|IP Address):/, '')))

const stillGood = ({ crt, key }: CertificatePem, names: readonly string[], now: number): boolean => {
  const certificate = new X509Certificate(crt)
  if (!certificate.checkPrivateKey(createPrivateKey(key))) return false
  if (Date.parse(certificate.validTo) < now + renewBeforeDays * dayMs) return false
  const had = namesOf(certificate)
  return names.every((name) => had.has(name)) && had.size === names.length
}

/**
 * The certificate for exactly `names` (DNS names and IP addresses): what is kept where it still fits, else a new one with
 * the kept key. `now` is in Unix milliseconds.
 */
export const selfSignedCertificate = async (
  kept: { crt: string | null; key: string | null },
  names: readonly string[],
  now: number,
): Promise<CertificatePem> => {
  if (kept.crt && kept.key && stillGood({ crt: kept.crt, key: kept.key }, names, now))
    return { crt: kept.crt, key: kept.key }
  const key = kept.key ?? (await newKey())
  return { crt: await issue(key, names, now), key }
}
