/** What Delta Chat's links say of an account: `dclogin:ADDRESS?p=PASSWORD&…`, or `dcaccount:DOMAIN` for a new one. */
import { randomInt } from 'node:crypto'
import { newCredentials } from '../../contract/invite.ts'
import type { Account } from './account-credential.ts'

const wantsPort = (text: string, otherwise: number): number => {
  const port = Number(text || otherwise)
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error(`ip=${text}: a port is wanted`)
  return port
}

/** `ih`, `ip`, `is`: IMAP host, port, security; `ic=3`: any certificate. */
const loginAccount = (text: string): Account => {
  const [, name, query] = /^dclogin:(?:\/\/)?([^?]+?)\/?\?(.*)$/i.exec(text) ?? []
  const fields = new URLSearchParams(query)
  const password = fields.get('p')
  if (!name || !password) throw new Error('a dclogin: link holds an address and p=PASSWORD')
  const address = decodeURIComponent(name)
  const plain = fields.get('is') === 'plain'
  return {
    host: fields.get('ih') ?? address.slice(address.lastIndexOf('@') + 1),
    port: wantsPort(fields.get('ip') ?? '', plain ? 143 : 993),
    security: plain ? 'plain' : 'ssl',
    anyCertificate: fields.get('ic') === '3',
    address,
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

/** @throws Error that says what is wanted */
export const accountOf = (link: string): Account => {
  if (/^dclogin:/i.test(link)) return loginAccount(link)
  const domain = /^dcaccount:(?:https:)?(?:\/\/)?([a-z0-9_.-]+)(?:\/new)?\/?$/i.exec(link)?.[1]
  if (!domain) throw new Error('dclogin:… or dcaccount:DOMAIN is wanted')
  return newAccount(domain)
}
