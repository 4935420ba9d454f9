/**
 * Which names accounts may have. An address is `local@domain`, lower-case; the domain is this server's own, exactly.
 */

/** Clients make up 9 characters; people may choose. RFC 5321 §4.5.3.1.1 ends at 64 octets. */
const shortest = 3
const longest = 64

/** Atoms of letters, digits, `_` and `-` with single dots between: valid everywhere without quoting. */
const localPart = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/

/** Names that mail and web standards give to a server's operator (RFC 2142), and those people would take for them. */
const reserved: ReadonlySet<string> = new Set([
  'abuse',
  'admin',
  'administrator',
  'hostmaster',
  'mailer-daemon',
  'no-reply',
  'noreply',
  'noc',
  'postmaster',
  'root',
  'security',
  'ssladmin',
  'support',
  'webmaster',
])

/** Characters of a password: fewer are easily guessed, more are of no use and cost time to hash. */
const shortestPassword = 9
export const longestPassword = 512

/** The address in the form in which accounts are kept, or null where no account of this server can have that name. */
export const accountAddress = (user: string, domain: string): string | null => {
  if (user.length > longest + 1 + domain.length) return null
  const address = user.toLowerCase()
  const at = address.lastIndexOf('@')
  if (at < 1 || address.slice(at + 1) !== domain.toLowerCase()) return null
  return localPart.test(address.slice(0, at)) ? address : null
}

/** True when a new account may be made under this name. `address` is from `accountAddress`. */
export const mayBeNamed = (address: string): boolean => {
  const local = address.slice(0, address.lastIndexOf('@'))
  return local.length >= shortest && local.length <= longest && !reserved.has(local)
}

/** True when a new account may have this password. */
export const mayBePassword = (password: string): boolean =>
  password.length >= shortestPassword && password.length <= longestPassword
