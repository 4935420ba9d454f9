/** Names and patterns that several fields share. */
import { z } from 'zod'

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const ipv4 = `${octet}(\\.${octet}){3}`

/** What mail addresses end with: a name, a name with a leading `_`, or an IPv4 address in brackets. */
export const domainName = z
  .string()
  .max(253)
  .regex(
    new RegExp(`^(_?${label}(\\.${label})*|\\[${ipv4}\\])$`),
    'a DNS name in lower case (chat.example.org), such a name with a leading _, or an IPv4 address in brackets ([203.0.113.7])',
  )

/** A name or an IPv4 address that clients connect to. */
export const hostName = z
  .string()
  .max(253)
  .regex(new RegExp(`^(_?${label}(\\.${label})*|${ipv4})$`), 'a DNS name in lower case or an IPv4 address')

/** The name of a Kubernetes object (RFC 1123 subdomain). */
export const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'the name of a Kubernetes object: lower case letters, digits, - and .')

/** The name of a ChatmailServer: short enough that the names made from it are still DNS labels. */
export const serverName = z
  .string()
  .max(40)
  .regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/, 'at most 40 lower case letters, digits and -, with a letter first')

export const port = z.int().min(1).max(65535)

/** A list of mail domains. */
export const domainList = z.array(domainName).max(256)
