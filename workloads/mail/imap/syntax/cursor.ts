/**
 * Reads the arguments of one command: atoms, strings, numbers, lists (RFC 3501 §9). A command arrives as text fragments
 * with a literal between each two; a quoted string or a literal may hold any bytes, so text is kept as Latin-1 until read.
 *
 *   astring = 1*ASTRING-CHAR / string      string = quoted / literal      nstring = string / "NIL"
 */

/** What breaks the grammar. The message names what was expected and never holds input. */
export class SyntaxProblem extends Error {
  override name = 'SyntaxProblem'
}

const atomPattern = /[^\x00-\x20(){%*"\\\]\x7f-\xff]+/y
const astringPattern = /[^\x00-\x20(){%*"\\\x7f-\xff]+/y
const listMailboxPattern = /[^\x00-\x20(){"\\\x7f-\xff]+/y
const quotedPattern = /"((?:[^"\\\r\n\x00]|\\["\\])*)"/y
const digitsPattern = /\d{1,20}/y

export const maxUint32 = 0xffff_ffff

const utf8 = (latin1: string): string =>
  /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1

export class Cursor {
  #fragments: readonly string[]
  #literals: readonly Buffer[]
  #part = 0
  #at = 0

  /** `literals[i]` stands between `fragments[i]` and `fragments[i + 1]`. */
  constructor(fragments: readonly string[], literals: readonly Buffer[] = [], at = 0) {
    this.#fragments = fragments
    this.#literals = literals
    this.#at = at
  }

  get #text(): string {
    return this.#fragments[this.#part] ?? ''
  }

  /** True when the next thing is a literal. */
  get atLiteral(): boolean {
    return this.#at >= this.#text.length && this.#part < this.#literals.length
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length && this.#part >= this.#literals.length
  }

  /** The next character, or '' before a literal and at the end. */
  get peek(): string {
    return this.#text.charAt(this.#at)
  }

  /** Takes `text` where it comes next, whatever its case. */
  take(text: string): boolean {
    if (this.#text.slice(this.#at, this.#at + text.length).toUpperCase() !== text) return false
    this.#at += text.length
    return true
  }

  expect(text: string): void {
    if (!this.take(text)) throw new SyntaxProblem(text === ' ' ? 'a space was expected' : `"${text}" was expected`)
  }

  space(): void {
    this.expect(' ')
  }

  end(): void {
    this.take(' ')
    if (!this.atEnd) throw new SyntaxProblem('the command should end here')
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (!match) return null
    this.#at = pattern.lastIndex
    return match[1] ?? match[0]
  }

  /** Text that `pattern` (sticky) matches here. @throws SyntaxProblem naming `what` */
  match(pattern: RegExp, what: string): string {
    const text = this.#match(pattern)
    if (text === null) throw new SyntaxProblem(`${what} was expected`)
    return text
  }

  atom(what = 'an atom'): string {
    return this.match(atomPattern, what)
  }

  /** An atom in capitals: a word of the protocol. */
  keyword(what = 'a keyword'): string {
    return this.atom(what).toUpperCase()
  }

  /** 0 to 2^32 - 1. */
  number(what = 'a number'): number {
    const value = Number(this.match(digitsPattern, what))
    if (value > maxUint32) throw new SyntaxProblem(`${what} up to ${maxUint32} was expected`)
    return value
  }

  /** 0 to 2^53 - 1: a mod-sequence (RFC 7162 §7 allows 63 bits; ours stay far below). */
  number64(what = 'a number'): number {
    const value = Number(this.match(digitsPattern, what))
    return Math.min(value, Number.MAX_SAFE_INTEGER)
  }

  /** A literal's bytes. */
  literal(): Buffer {
    if (!this.atLiteral) throw new SyntaxProblem('a literal was expected')
    this.#at = 0
    return this.#literals[this.#part++]!
  }

  /** A quoted string or a literal, or null where neither comes next. */
  #string(): string | null {
    if (this.atLiteral) return this.literal().toString('utf8')
    if (this.peek !== '"') return null
    const text = this.match(quotedPattern, 'a closing quote')
    return utf8(text.includes('\\') ? text.replace(/\\(["\\])/g, '$1') : text)
  }

  astring(what = 'a string'): string {
    return this.#string() ?? this.match(astringPattern, what)
  }

  /** A pattern of LIST: like a mailbox name, with `%` and `*`. */
  listMailbox(): string {
    return this.#string() ?? this.match(listMailboxPattern, 'a mailbox pattern')
  }

  /** A string, or null for NIL. */
  nstring(what = 'a string or NIL'): string | null {
    const text = this.#string()
    if (text !== null) return text
    if (this.keyword(what) !== 'NIL') throw new SyntaxProblem(`${what} was expected`)
    return null
  }

  /** `"(" [item *(SP item)] ")"` */
  list<T>(item: (cursor: Cursor) => T): T[] {
    this.expect('(')
    const items: T[] = []
    if (this.take(')')) return items
    do items.push(item(this))
    while (this.take(' '))
    this.expect(')')
    return items
  }
}
