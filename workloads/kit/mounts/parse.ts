/** Parsers of the mounted files that several workloads share. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { parse as parseYamlText } from 'yaml'
import { z } from 'zod'
import { exitCodes } from '../../contract/exit-codes.ts'
import { type Keyring, keyring } from '../../contract/keyring.ts'
import { mountedFiles } from '../../contract/mounts.ts'
import { problemLine, problems } from '../../contract/problems.ts'
import { type Relays, relays } from '../../contract/relays.ts'
import { StartError } from '../../contract/start-error.ts'
import { noPeers, type TurnPeers, turnPeers } from '../../contract/turn-peers.ts'
import type { Contents } from './mounted-file.ts'

/** A mounted file that cannot be used. The message holds field paths and rules; values only where they are no secret. */
export class MountError extends StartError {
  override name = 'MountError'
  constructor(message: string) {
    super(message, exitCodes.config)
  }
}

const required = (name: string, bytes: Buffer | null | undefined): Buffer => {
  if (!bytes) throw new MountError(`${name}: the file is missing from the mounts folder`)
  return bytes
}

const parsed = (name: string, text: string, parse: (text: string) => unknown): unknown => {
  try {
    return parse(text)
  } catch {
    throw new MountError(`${name}: not well-formed`)
  }
}

/** `config.yaml` under `schema`; a problem names the field, what was found and what is allowed. */
export const parseConfig = <S extends z.ZodType>(schema: S, [bytes]: Contents): { value: z.output<S> } => {
  const name = mountedFiles.config
  const input = parsed(name, required(name, bytes).toString(), parseYamlText)
  const result = schema.safeParse(input)
  if (!result.success)
    throw new MountError(
      problems(result.error, input)
        .map((problem) => `${name}: ${problemLine(problem)}`)
        .join('\n'),
    )
  return { value: result.data }
}

const parseJson = <S extends z.ZodType>(name: string, schema: S, bytes: Buffer | null | undefined): z.output<S> => {
  const result = schema.safeParse(parsed(name, required(name, bytes).toString(), JSON.parse))
  if (result.success) return result.data
  throw new MountError(
    `${name}: ${result.error.issues.map((issue) => `${z.core.toDotPath(issue.path)}: ${issue.message}`).join('; ')}`,
  )
}

/** `keyring.json`. */
export const parseKeyring = ([bytes]: Contents): { value: Keyring; generation: number } => {
  const value = parseJson(mountedFiles.keyring, keyring, bytes)
  return { value, generation: value.generation }
}

/** `relays.json`; a missing file is an empty list. */
export const parseRelays = ([bytes]: Contents): { value: Relays } =>
  bytes ? { value: parseJson(mountedFiles.relays, relays, bytes) } : { value: { turn: [], iroh: null } }

/** `peers.json`; a missing file is an empty one. */
export const parsePeers = ([bytes]: Contents): { value: TurnPeers } => ({
  value: bytes ? parseJson(mountedFiles.peers, turnPeers, bytes) : noPeers,
})

/** `management-token`: the bearer token, trimmed. */
export const parseToken = ([bytes]: Contents): { value: string } => {
  const value = required(mountedFiles.managementToken, bytes).toString().trim()
  if (value.length < 16) throw new MountError(`${mountedFiles.managementToken}: shorter than 16 characters`)
  return { value }
}

/** A trimmed word a line; a missing file is an empty list. */
export const parseLines = ([bytes]: Contents): { value: string[] } => ({
  value: (bytes?.toString() ?? '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean),
})

export type CertificatePair = { cert: Buffer; key: Buffer }

/** Refuses here what a listener would throw at: a key that is too short, a signature that nobody accepts any more. */
const checkUsable = (pair: CertificatePair): void => {
  try {
    createSecureContext({ ...pair, minVersion: 'TLSv1.2' })
  } catch (error) {
    const reason = /::([^:]+)$/.exec((error as Error).message)?.[1] ?? 'TLS refuses it'
    throw new MountError(`${mountedFiles.certificate}, ${mountedFiles.privateKey}: cannot be used: ${reason}`)
  }
}

/** `tls.crt` and `tls.key` (PKCS#1, PKCS#8 or SEC1), refused unless they belong together and TLS takes them. */
export const parseCertificate = ([cert, key]: Contents): { value: CertificatePair } => {
  const pair = { cert: required(mountedFiles.certificate, cert), key: required(mountedFiles.privateKey, key) }
  const matches = parsed(`${mountedFiles.certificate}, ${mountedFiles.privateKey}`, '', () =>
    new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key)),
  )
  if (!matches) throw new MountError(`${mountedFiles.privateKey}: not the key of ${mountedFiles.certificate}`)
  checkUsable(pair)
  return { value: pair }
}

/** Without a certificate there is no TLS; half of one is a mistake. */
export const optionalCertificate = (contents: Contents): { value: CertificatePair | null } =>
  contents.every((bytes) => bytes === null) ? { value: null } : parseCertificate(contents)
