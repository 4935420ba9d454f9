/**
 * Messages as Delta Chat sends them, for tests and benchmarks: OpenPGP packets in armor with random bytes in place of
 * ciphertext, and the unencrypted kinds that a server must tell apart from them.
 */
import { randomBytes } from 'node:crypto'

/** Header of a new-format packet with a definite length (RFC 9580 §4.2.1). */
export const packetHeader = (tag: number, length: number): Buffer => {
  if (length < 192) return Buffer.from([0xc0 | tag, length])
  if (length < 8384) return Buffer.from([0xc0 | tag, 192 + ((length - 192) >> 8), (length - 192) & 0xff])
  const header = Buffer.from([0xc0 | tag, 255, 0, 0, 0, 0])
  header.writeUInt32BE(length, 2)
  return header
}

/** A packet with `length` random octets after the version octet. */
export const randomPacket = (tag: number, length: number, version: number): Buffer => {
  const body = randomBytes(length)
  body[0] = version
  return Buffer.concat([packetHeader(tag, length), body])
}

/** Session keys for two readers (PKESK version 6 is 73 octets as Delta Chat writes it) and `size` octets of ciphertext. */
export const encryptedPackets = (size: number, keys = 2): Buffer =>
  Buffer.concat([
    ...Array.from({ length: keys }, () => randomPacket(1, 73, 6)),
    randomPacket(18, Math.max(size, 53), 2),
  ])

/** ASCII armor in lines of 64 characters, with CRLF. The checksum is not computed: readers must not depend on it. */
export const armor = (packets: Buffer, checksum: string | null = '=RjMY'): string =>
  [
    '-----BEGIN PGP MESSAGE-----',
    '',
    ...(packets.toString('base64').match(/.{1,64}/g) ?? []),
    ...(checksum === null ? [] : [checksum]),
    '-----END PGP MESSAGE-----',
    '',
  ].join('\r\n')

export type MessageOptions = {
  from: string
  /** Left out, the header names no one, as Delta Chat does it. */
  to?: string
  /** Octets of the finished message, about. */
  size?: number
  /** Local part of the Message-ID. */
  id?: string
}

const boundary = '18ab4f2c'

const outerHeader = ({ from, to, id = randomBytes(12).toString('hex') }: MessageOptions): string[] => [
  `From: <${from}>`,
  'Date: Wed, 18 Nov 2026 10:02:29 +0000',
  `Message-ID: <${id}@localhost>`,
  'MIME-Version: 1.0',
  `To: ${to ? `<${to}>` : '"hidden-recipients": ;'}`,
]

/** PGP/MIME around any armor. */
export const pgpMime = (options: MessageOptions, armored: string): Buffer =>
  Buffer.from(
    [
      ...outerHeader(options),
      'Subject: [...]',
      'Chat-Version: 1.0',
      'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; ',
      `\tboundary="${boundary}"`,
      '',
      '',
      `--${boundary}`,
      'Content-Type: application/pgp-encrypted; charset="utf-8"',
      'Content-Transfer-Encoding: 7bit',
      '',
      'Version: 1',
      '',
      `--${boundary}`,
      'Content-Type: application/octet-stream; charset="utf-8"',
      'Content-Transfer-Encoding: 7bit',
      '',
      armored,
      `--${boundary}--`,
      '',
      '',
    ].join('\r\n'),
  )

/** Octets of header and MIME around the armor. */
const overhead = 800

/** An encrypted-looking message of about `size` octets (3 KB unless told). */
export const encryptedMessage = (options: MessageOptions): Buffer =>
  pgpMime(options, armor(encryptedPackets(Math.floor(((options.size ?? 3000) - overhead) * (64 / 66) * 0.75))))

/** The unencrypted first step of a SecureJoin handshake. */
export const secureJoinRequest = (options: MessageOptions, step = 'vc-request'): Buffer =>
  Buffer.from(
    [
      ...outerHeader(options),
      `Subject: Message from ${options.from}`,
      'Chat-Version: 1.0',
      `Secure-Join: ${step}`,
      'Secure-Join-Invitenumber: 2c9eVNvC3ud',
      `Content-Type: multipart/mixed; boundary="${boundary}"`,
      '',
      '',
      `--${boundary}`,
      'Content-Type: text/plain; charset="utf-8"',
      'Content-Transfer-Encoding: 7bit',
      '',
      `Secure-Join: ${step}`,
      `--${boundary}--`,
      '',
      '',
    ].join('\r\n'),
  )

/** A message that anyone on the way could read. */
export const plainMessage = (options: MessageOptions, text = 'Hello'): Buffer =>
  Buffer.from(
    [...outerHeader(options), 'Subject: Hello', 'Content-Type: text/plain; charset="utf-8"', '', text, ''].join('\r\n'),
  )
