/**
 * Address lists of header fields (RFC 5322 §3.4), read tolerantly, as ENVELOPE shows them (RFC 3501 §7.4.2): groups are
 * entries without a host, opened by their name and closed by nothing.
 */

export type Address = { name: string | null; mailbox: string | null; host: string | null }

const tokenPattern = /"((?:[^"\\]|\\.)*)"?|\((?:[^()\\]|\\.)*\)?|\[[^\]]*\]?|[<>,;:@]|[^\s"()[\]<>,;:@]+/gs
const maxAddresses = 1000

type Token = { text: string; quoted: boolean }

const tokenize = (value: string): Token[] =>
  Array.from(value.matchAll(tokenPattern), (match) =>
    match[1] === undefined
      ? { text: match[0], quoted: false }
      : { text: match[1].replace(/\\(.)/gs, '$1'), quoted: true },
  ).filter(({ text, quoted }) => quoted || !text.startsWith('('))

const addrSpec = (tokens: readonly Token[]): { mailbox: string | null; host: string | null } => {
  const at = tokens.findLastIndex(({ text, quoted }) => text === '@' && !quoted)
  const text = (part: readonly Token[]) => part.map((token) => token.text).join('') || null
  return at < 0
    ? { mailbox: text(tokens), host: null }
    : { mailbox: text(tokens.slice(0, at)), host: text(tokens.slice(at + 1)) }
}

const phrase = (tokens: readonly Token[]): string | null => tokens.map(({ text }) => text).join(' ') || null

/** A source route `<@a,@b:c@d>` (RFC 5322 §4.4) names the hosts on the way; they are left out. */
const withoutRoute = (tokens: readonly Token[]): readonly Token[] =>
  tokens.slice(tokens.findIndex(({ text, quoted }) => text === ':' && !quoted) + 1)

class Reader {
  readonly found: Address[] = []
  #words: Token[] = []
  #angle: Token[] | null = null
  #name: string | null = null

  read(token: Token): void {
    if (token.quoted) this.#word(token)
    else if (this.#angle && token.text !== '>') this.#angle.push(token)
    else if (token.text === '<') this.#open()
    else if (token.text === '>') this.#close()
    else if (token.text === ',') this.flush()
    else if (token.text === ':') this.#group()
    else if (token.text === ';') this.#endGroup()
    else this.#word(token)
  }

  flush(): void {
    if (this.#angle) this.#close()
    if (this.#words.length > 0) this.#add({ name: null, ...addrSpec(this.#words) })
    this.#words = []
  }

  #word(token: Token): void {
    if (this.#angle) this.#angle.push(token)
    else this.#words.push(token)
  }

  #open(): void {
    this.#name = phrase(this.#words)
    this.#words = []
    this.#angle = []
  }

  #close(): void {
    if (this.#angle) this.#add({ name: this.#name, ...addrSpec(withoutRoute(this.#angle)) })
    this.#angle = null
  }

  #group(): void {
    this.#add({ name: null, mailbox: phrase(this.#words), host: null })
    this.#words = []
  }

  #endGroup(): void {
    this.flush()
    this.#add({ name: null, mailbox: null, host: null })
  }

  #add(address: Address): void {
    if (this.found.length < maxAddresses) this.found.push(address)
  }
}

/** All addresses of an unfolded field value. Never throws. */
export const parseAddresses = (value: string): Address[] => {
  const reader = new Reader()
  for (const token of tokenize(value)) reader.read(token)
  reader.flush()
  return reader.found
}
