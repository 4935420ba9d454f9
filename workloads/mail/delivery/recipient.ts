/** Who a RCPT TO names: an account here, somebody on another server, or nobody. */
import { domainToASCII } from 'node:url'
import type { Refusal } from '../policy/refusal.ts'
import type { AccountStore } from '../store/store.ts'
import { deliveryRefusals } from './refusals.ts'

const nonAscii = /[^\x00-\x7f]/

/** `local@domain` in lower case, the domain in ASCII (RFC 5891), whichever way the client wrote it. */
export const normalAddress = (address: string): string => {
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1)
  return `${address.slice(0, at)}@${nonAscii.test(domain) ? domainToASCII(domain) : domain}`.toLowerCase()
}

/** The address without a `+tag` (RFC 5233) in its local part: names here hold no plus. */
const withoutTag = (address: string): string => address.replace(/^([^+@]+)\+[^@]*@/, '$1@')

/** The account's id, or why it gets no mail. */
export const findRecipient = async (
  accounts: AccountStore,
  domain: string,
  address: string,
): Promise<number | Refusal> => {
  // `postmaster` alone is an address of this server (RFC 5321 §4.1.1.3).
  const normal = normalAddress(address.includes('@') ? address : `${address}@${domain}`)
  if (!normal.endsWith(`@${domain}`)) return deliveryRefusals.otherServer
  const account = await accounts.find(withoutTag(normal))
  return account?.id ?? deliveryRefusals.unknownRecipient
}
