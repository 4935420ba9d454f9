/** The words of the tools that name a server, and the file with the secret that its credentials are signed with. */
import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import { type TurnCredential, turnCredential } from '../../../workloads/contract/credential.ts'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { keyring, signingKey } from '../../../workloads/contract/keyring.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'

export type HostPort = { host: string; port: number }

/** Seconds that a credential of the tools is valid. */
const credentialLife = 600
/** An end that no clock is so wrong as to have passed, seconds. */
const longLife = 10 * 365 * 86_400

const hostPort = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/

/** `HOST:PORT`, an IPv6 address in brackets. */
export const serverAddress = (text: string): HostPort => {
  const [, v6, other, port] = hostPort.exec(text) ?? []
  const host = v6 ?? other
  if (!host || Number(port) < 1 || Number(port) > 65535)
    throw new InvalidArgumentError('HOST:PORT is wanted, such as turn.example.org:3478 or [2001:db8::1]:3478.')
  return { host, port: Number(port) }
}

/** @throws StartError */
export const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new StartError(`${file}: ${(error as Error).message}`, exitCodes.config)
  }
}

const isJson = (text: string): boolean => text.startsWith('{')

/** The secret that signs: of a keyring.json, or the whole file. @throws StartError */
export const secretFrom = (file: string): string => {
  const text = readText(file)
  if (!isJson(text)) {
    if (text.length < 16) throw new StartError(`${file}: a secret of 16 characters or more is wanted`, exitCodes.config)
    return text
  }
  try {
    return signingKey(keyring.parse(JSON.parse(text))).secret
  } catch {
    throw new StartError(`${file}: neither a secret nor a keyring.json`, exitCodes.config)
  }
}

/** A credential under the secret, and one that ends much later. `now` in Unix seconds. */
export const credentialsOf = (secret: string, now: number): { usual: TurnCredential; long: () => TurnCredential } => ({
  usual: turnCredential(secret, Math.floor(now) + credentialLife),
  long: () => turnCredential(secret, Math.floor(now) + longLife),
})
