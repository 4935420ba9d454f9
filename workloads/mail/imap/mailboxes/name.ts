/**
 * Mailbox names: modified UTF-7 on the wire (RFC 3501 §5.1.3), UTF-8 in the store. `/` stands between levels, and INBOX
 * is one mailbox in any case (§5.1).
 */

export const delimiter = '/'
const maxNameBytes = 1000
const maxLevels = 20

const encodeRun = (run: string): string => {
  const utf16 = Buffer.from(run, 'utf16le').swap16()
  return `&${utf16.toString('base64').replace(/=+$/, '').replaceAll('/', ',')}-`
}

/** UTF-8 name → modified UTF-7. */
export const encodeName = (name: string): string => name.replace(/&/g, '&-').replace(/[^\x20-\x7e]+/g, encodeRun)

const decodeRun = (_match: string, base64: string): string => {
  if (base64 === '') return '&'
  const bytes = Buffer.from(base64.replaceAll(',', '/'), 'base64')
  return bytes.length % 2 === 0 ? bytes.swap16().toString('utf16le') : '\ufffd'
}

/** Modified UTF-7 → UTF-8 name, or null when it is not well-formed: then encoding it again gives something else. */
const decodeName = (wire: string): string | null => {
  const name = wire.replace(/&([A-Za-z0-9+,]*)-/g, decodeRun)
  return name.isWellFormed() && encodeName(name) === wire ? name : null
}

const canonical = (name: string): string => {
  const first = name.split(delimiter, 1)[0]!
  return first.toUpperCase() === 'INBOX' ? `INBOX${name.slice(first.length)}` : name
}

/** The name of an existing or future mailbox as the store knows it, or null where no mailbox can have it. */
export const storeName = (wire: string): string | null => {
  const name = decodeName(wire)
  if (!name || Buffer.byteLength(name) > maxNameBytes || /[\x00-\x1f\x7f]/.test(name)) return null
  const levels = name.split(delimiter)
  return levels.length > maxLevels || levels.includes('') ? null : canonical(name)
}

/** `a/b/c` → `a`, `a/b`: the mailboxes above, outermost first. */
export const superiors = (name: string): string[] => {
  const levels = name.split(delimiter)
  return levels.slice(1).map((_, index) => levels.slice(0, index + 1).join(delimiter))
}
