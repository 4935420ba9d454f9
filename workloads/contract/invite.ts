/**
 * Invite links that stock Delta Chat opens. Where the server's name and certificate can be verified, one `dcaccount:` link
 * serves everybody: the client makes up its own credentials. Elsewhere only `dclogin:` works, because it alone carries
 * host, ports and "accept any certificate" (`ic=3`); such a link is one account, so each person needs one of their own.
 */
import type { MailConfig } from './mail-config.ts'

export type PublicMail = MailConfig['public']

/** Random integer from 0 to `below` - 1; from a cryptographic source outside of tests. */
export type RandomInt = (below: number) => number

const letters = 'abcdefghijklmnopqrstuvwxyz'
const digits = '0123456789'
const localPartLength = 9
const passwordLength = 22

const pick = (alphabet: string, length: number, random: RandomInt): string =>
  Array.from({ length }, () => alphabet[random(alphabet.length)]).join('')

/** New credentials in the form that Delta Chat itself makes up: 9 characters, 22 characters. */
export const newCredentials = (domain: string, random: RandomInt): { address: string; password: string } => ({
  address: `${pick(letters + digits, localPartLength, random)}@${domain}`,
  password: pick(letters + letters.toUpperCase() + digits, passwordLength, random),
})

/** True when a client finds ports and a certificate that it accepts by the domain's name alone. */
export const reachableByName = (domain: string, mail: PublicMail): boolean =>
  mail.host === domain &&
  !domain.startsWith('[') &&
  (!mail.selfSigned || domain.startsWith('_')) &&
  (mail.https === 443 || (mail.imaps === 993 && mail.submissions === 465))

type Endpoint = { port: number; security: 'ssl' | 'starttls' }

const endpoint = (implicit: number | null, starttls: number | null): Endpoint | null => {
  if (implicit) return { port: implicit, security: 'ssl' }
  return starttls ? { port: starttls, security: 'starttls' } : null
}

export const imapEndpoint = (mail: PublicMail): Endpoint | null => endpoint(mail.imaps, mail.imap)
export const smtpEndpoint = (mail: PublicMail): Endpoint | null => endpoint(mail.submissions, mail.submission)

/** `dclogin:` version 1 with everything explicit. */
export const loginLink = (address: string, password: string, mail: PublicMail): string => {
  const query = new URLSearchParams({ p: password, v: '1' })
  const imap = imapEndpoint(mail)
  const smtp = smtpEndpoint(mail)
  if (imap)
    for (const [key, value] of [
      ['ih', mail.host],
      ['ip', imap.port],
      ['is', imap.security],
    ] as const)
      query.set(key, String(value))
  if (smtp)
    for (const [key, value] of [
      ['sh', mail.host],
      ['sp', smtp.port],
      ['ss', smtp.security],
    ] as const)
      query.set(key, String(value))
  if (mail.selfSigned) query.set('ic', '3')
  return `dclogin:${address}?${query}`
}

/** The invite for one more person. */
export const inviteLink = (domain: string, mail: PublicMail, random: RandomInt): string => {
  if (reachableByName(domain, mail)) return `dcaccount:${domain}`
  const { address, password } = newCredentials(domain, random)
  return loginLink(address, password, mail)
}
