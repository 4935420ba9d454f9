/**
 * Password hashes: scrypt (RFC 7914) on the thread pool, kept in PHC form,
 * `$scrypt$ln=14,r=8,p=1$salt$hash` with unpadded base64.
 */
import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** `ln` is log2 of the cost N. Memory is 128 · N · r octets. */
export type Cost = { ln: number; r: number; p: number }

/** 16 MiB and some 40 ms: RFC 7914's parameters for interactive logins. Clients make up passwords of 131 bits. */
export const defaultCost: Cost = { ln: 14, r: 8, p: 1 }

const saltLength = 16
const hashLength = 32

const phc = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{1,64})\$([A-Za-z0-9+/]{1,128})$/

type Verifier = { cost: Cost; salt: Buffer; hash: Buffer }

const unpadded = (value: Buffer): string => value.toString('base64').replace(/=+$/, '')

const format = ({ cost: { ln, r, p }, salt, hash }: Verifier): string =>
  `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`

const parse = (text: string): Verifier => {
  const [, ln, r, p, salt, hash] = phc.exec(text) ?? []
  if (salt === undefined || hash === undefined) throw new Error('a stored password hash is not in scrypt PHC form')
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) }
  return { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') }
}

const derive = (password: string, salt: Buffer, { ln, r, p }: Cost, length: number): Promise<Buffer> => {
  const N = 2 ** ln
  const options: ScryptOptions = { N, r, p, maxmem: 2 * 128 * N * r }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

export type RandomBytes = (length: number) => Buffer

/** A new verifier for `password`. */
export const hashPassword = async (password: string, cost: Cost, random: RandomBytes): Promise<string> => {
  const salt = random(saltLength)
  return format({ cost, salt, hash: await derive(password, salt, cost, hashLength) })
}

/** A verifier that no password matches and that takes as long to verify as a real one. */
export const unmatchedVerifier = (cost: Cost, random: RandomBytes): string =>
  format({ cost, salt: random(saltLength), hash: random(hashLength) })

/** Compares in constant time. @throws where `verifier` is not one of ours. */
export const verifyPassword = async (password: string, verifier: string): Promise<boolean> => {
  const { cost, salt, hash } = parse(verifier)
  return timingSafeEqual(await derive(password, salt, cost, hash.length), hash)
}
