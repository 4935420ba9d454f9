/**
 * The self-signed certificate (RFC 5280 §4): P-256, every name and address that clients may use, not a CA (clients refuse
 * one as a server's own). The key is kept over renewals, because clients remember it.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import { ipBytes } from '../ip-bytes.ts'
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts'

const dayMs = 86_400_000
const validDays = 3650
/** A certificate that is about to end is renewed at the next start. */
const renewBeforeDays = 30
/** Clocks of phones are off. */
const backdateDays = 1
const serialBytes = 16

const oids = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const

/** By its own signature: `checkIssued` says no to one whose key may sign nothing but handshakes, as those that are made here. */
export const isSelfSigned = (x509: X509Certificate): boolean =>
  x509.subject === x509.issuer && x509.verify(x509.publicKey)

export type CertificatePem = { crt: string; key: string }
type Random = (bytes: number) => Buffer

/** GeneralName: `[2]` is a DNS name, `[7]` an address. */
const generalName = (name: string): Buffer =>
  isIPv4(name) || isIPv6(name) ? implicit(7, ipBytes(name)) : implicit(2, Buffer.from(name, 'ascii'))

const extension = (oid: string, critical: boolean, value: Buffer): Buffer =>
  sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value))

/** KeyUsage digitalSignature is bit 0; BasicConstraints of a server's own certificate is the empty sequence. */
const extensions = (names: readonly string[]): Buffer =>
  sequence(
    extension(oids.basicConstraints, true, sequence()),
    extension(oids.keyUsage, true, bitString(Buffer.from([0x80]), 7)),
    extension(oids.extendedKeyUsage, false, sequence(objectIdentifier(oids.serverAuth))),
    extension(oids.subjectAltName, false, sequence(...names.map(generalName))),
  )

const signature = sequence(objectIdentifier(oids.ecdsaWithSha256))
const name = sequence(set(sequence(objectIdentifier(oids.commonName), utf8String('chatmail'))))

const toBeSigned = (key: KeyObject, names: readonly string[], now: number, random: Random): Buffer =>
  sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(random(serialBytes)),
    signature,
    name,
    sequence(time(now - backdateDays * dayMs), time(now + validDays * dayMs)),
    name,
    createPublicKey(key as never).export({ type: 'spki', format: 'der' }),
    explicit(3, extensions(names)),
  )

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`

const issue = (keyPem: string, names: readonly string[], now: number, random: Random): string => {
  const key = createPrivateKey(keyPem)
  const body = toBeSigned(key, names, now, random)
  return pem(sequence(body, signature, bitString(sign('sha256', body, key))))
}

const newKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

/** The DER of the names as they stand in `certificate`: comparing bytes needs no reading of their printed form. */
const holdsNames = (certificate: X509Certificate, names: readonly string[]): boolean =>
  certificate.raw.includes(extension(oids.subjectAltName, false, sequence(...names.map(generalName))))

const stillGood = ({ crt, key }: CertificatePem, names: readonly string[], now: number): boolean => {
  const certificate = new X509Certificate(crt)
  return (
    certificate.checkPrivateKey(createPrivateKey(key)) &&
    Date.parse(certificate.validTo) > now + renewBeforeDays * dayMs &&
    holdsNames(certificate, names)
  )
}

/**
 * The certificate for exactly `names` (DNS names and IP addresses): what is kept where it still fits, else a new one with
 * the kept key. `now` is in Unix milliseconds.
 */
export const selfSignedCertificate = (
  kept: { crt: string | null; key: string | null },
  names: readonly string[],
  now: number,
  random: Random,
): CertificatePem => {
  if (kept.crt && kept.key && stillGood({ crt: kept.crt, key: kept.key }, names, now))
    return { crt: kept.crt, key: kept.key }
  const key = kept.key ?? newKey()
  return { crt: issue(key, names, now, random), key }
}
