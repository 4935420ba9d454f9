/** How one message's bytes are kept: small ones in the row, large ones as a blob file with the header in the row. */

/** Octets up to which content stays in its row. Above, SQLite's overflow chains cost more than a file does. */
export const inlineLimit = 64 * 1024

/** What the writer puts into `contents` and `messages`. Either `data` is the content, or `file` names its blob. */
export type StoredMessage = {
  size: number
  headSize: number
  data: Uint8Array | null
  file: string | null
  flags: number
  keywords: string
  receivedAt: number
}

/** Octets of the header with the empty line that ends it (RFC 5322 §2.1); all of it when there is no empty line. */
export const headerLength = (content: Buffer): number => {
  if (content[0] === 0x0a) return 1
  if (content[0] === 0x0d && content[1] === 0x0a) return 2
  const crlf = content.indexOf('\r\n\r\n')
  const lf = content.subarray(0, crlf < 0 ? content.length : crlf).indexOf('\n\n')
  if (lf >= 0) return lf + 2
  return crlf < 0 ? content.length : crlf + 4
}
