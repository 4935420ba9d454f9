/** Where the tools get a TURN credential from: a file with the secret, or a Delta Chat account. No secret in argv. */
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import { type TurnCredential, turnCredential } from '../../../workloads/contract/credential.ts'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { newCredentials } from '../../../workloads/contract/invite.ts'
import { keyring, signingKey } from '../../../workloads/contract/keyring.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'

export type HostPort = { host: string; port: number }

export type Account = {
  host: string
  port: number
  security: 'ssl' | 'plain'
  anyCertificate: boolean
  address: string
  password: string
}

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

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new StartError(`${file}: ${(error as Error).message}`, exitCodes.config)
  }
}

const isJson = (text: string): boolean => text.startsWith('{')

/** The secret that signs: of a keyring.json, or the whole file. @throws StartError */
export const secretFrom = (file: string): string => {
  const text = read(file)
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

const loginAccount = (text: string): Account => {
  const [, address, query] = /^dclogin:(?:\/\/)?([^?]+)\?(.*)$/i.exec(text) ?? []
  const fields = new URLSearchParams(query)
  const password = fields.get('p')
  if (!address || !password) throw new InvalidArgumentError('A dclogin: link holds an address and p=PASSWORD.')
  const name = decodeURIComponent(address.replace(/\/$/, ''))
  const plain = fields.get('is') === 'plain'
  return {
    host: fields.get('ih') ?? name.slice(name.lastIndexOf('@') + 1),
    port: Number(fields.get('ip') ?? (plain ? 143 : 993)),
    security: plain ? 'plain' : 'ssl',
    anyCertificate: fields.get('ic') === '3',
    address: name,
    password,
  }
}

/** A new account, made as Delta Chat makes it, where the link names the server alone. */
const newAccount = (domain: string): Account => ({
  host: domain,
  port: 993,
  security: 'ssl',
  anyCertificate: domain.startsWith('_'),
  ...newCredentials(domain, randomInt),
})

/** A `dclogin:` link, or `dcaccount:DOMAIN`. */
export const accountLink = (text: string): Account => {
  if (/^dclogin:/i.test(text)) return loginAccount(text)
  const domain = /^dcaccount:(?:\/\/)?([a-z0-9_.-]+)$/i.exec(text)?.[1]
  if (!domain) throw new InvalidArgumentError('dclogin:… or dcaccount:DOMAIN is wanted.')
  return newAccount(domain)
}
