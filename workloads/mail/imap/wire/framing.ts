/**
 * Cuts the byte stream into commands: lines, with literals between them (RFC 3501 §2.2.1, §4.3; RFC 7888). Lines may end
 * with a bare LF. What is held stays within the limits that the caller gives with each step.
 *
 *   literal = "{" number ["+"] "}" CRLF *CHAR8
 */

import { Accumulator } from './accumulator.ts'

export type Frame = { fragments: string[]; literals: Buffer[] }

export type FrameLimits = {
  /** Octets of all lines of one command. */
  line: number
  /** Octets of one command's literals, told by the command's first line. */
  literals: (firstLine: string) => number
}

export type Step =
  | { kind: 'command'; frame: Frame }
  /** The client waits for a continuation before it sends a literal. */
  | { kind: 'continue' }
  /** A literal was too large. What the client had sent of the command is gone. */
  | { kind: 'oversized'; firstLine: string }
  /** No end in sight: the connection cannot be used any more. */
  | { kind: 'endless' }

const literalPattern = /\{(\d{1,10})(\+)?\}$/
const lineFeed = 10
const highWater = 64 * 1024
const maxChunks = 256
/** How much of a literal that is too large is read and thrown away to keep the connection; beyond, it ends. */
const discardLimit = 128 * 1024 * 1024

export class Framing {
  #chunks: Buffer[] = []
  #held = 0
  #fragments: string[] = []
  #literals: Buffer[] = []
  #lineOctets = 0
  #literalOctets = 0
  #gathered = new Accumulator()
  /** Octets of the current literal still to come; null while reading a line. */
  #remaining: number | null = null
  #discarding = false

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#held += chunk.length
  }

  /** Octets received and not yet taken. */
  get held(): number {
    return this.#held
  }

  /** True when reading from the socket should stop until something is taken; small pieces cost memory too. */
  get full(): boolean {
    return this.#held > highWater || this.#chunks.length > maxChunks
  }

  /** Throws away what was received: after STARTTLS nothing sent in clear may count (RFC 3501 §6.2.1). */
  clear(): void {
    this.#chunks = []
    this.#held = 0
  }

  /** Hands over what was received and not yet taken. */
  takeAll(): Buffer[] {
    const chunks = this.#chunks
    this.clear()
    return chunks
  }

  /** One bare line without its end, where no command is expected: DONE, a SASL response. */
  line(limit: number): string | null | 'endless' {
    const line = this.#readLine(limit)
    if (typeof line === 'string') this.#lineOctets = 0
    return line === undefined ? 'endless' : line
  }

  /** The next step of the current command, or null until more is pushed. */
  next(limits: FrameLimits): Step | null {
    for (;;) {
      if (this.#remaining !== null) {
        if (!this.#readLiteral()) return null
        continue
      }
      const line = this.#readLine(limits.line)
      if (line === null) return null
      const step = line === undefined ? ({ kind: 'endless' } as const) : this.#lineRead(line, limits)
      if (step) return step
    }
  }

  #lineRead(line: string, limits: FrameLimits): Step | null {
    const match = line.endsWith('}') ? literalPattern.exec(line) : null
    this.#fragments.push(match ? line.slice(0, match.index) : line)
    if (!match) return this.#finish()
    const size = Number(match[1])
    const firstLine = this.#fragments[0]!
    const fits = this.#literalOctets + size <= limits.literals(firstLine)
    if (fits && !this.#discarding) this.#literalOctets += size
    else if (!match[2]) return this.#refuse(firstLine)
    else if (size > discardLimit) return { kind: 'endless' }
    else this.#discarding = true
    this.#remaining = size
    return match[2] ? null : { kind: 'continue' }
  }

  #refuse(firstLine: string): Step {
    this.#reset()
    return { kind: 'oversized', firstLine }
  }

  #finish(): Step {
    if (this.#discarding) return this.#refuse(this.#fragments[0]!)
    const frame = { fragments: this.#fragments, literals: this.#literals }
    this.#reset()
    return { kind: 'command', frame }
  }

  #reset(): void {
    this.#fragments = []
    this.#literals = []
    this.#lineOctets = 0
    this.#literalOctets = 0
    this.#discarding = false
  }

  /** Reads on in the current literal; true when it is complete. */
  #readLiteral(): boolean {
    while (this.#remaining! > 0) {
      const chunk = this.#chunks[0]
      if (!chunk) return false
      const piece = this.#take(Math.min(chunk.length, this.#remaining!))
      this.#remaining! -= piece.length
      if (!this.#discarding) this.#gathered.add(piece)
    }
    if (!this.#discarding) this.#literals.push(this.#gathered.take())
    this.#remaining = null
    return true
  }

  /** A line without CRLF or LF; null when its end has not come; undefined when it is too long. */
  #readLine(limit: number): string | null | undefined {
    for (let chunk = this.#chunks[0]; chunk; chunk = this.#chunks[0]) {
      const end = chunk.indexOf(lineFeed)
      const piece = this.#take(end < 0 ? chunk.length : end + 1)
      this.#lineOctets += piece.length
      if (this.#lineOctets > limit) return undefined
      this.#gathered.add(piece)
      if (end >= 0)
        return this.#gathered
          .take()
          .toString('latin1')
          .replace(/\r?\n$/, '')
    }
    return null
  }

  #take(length: number): Buffer {
    const chunk = this.#chunks[0]!
    this.#held -= length
    if (length === chunk.length) this.#chunks.shift()
    else this.#chunks[0] = chunk.subarray(length)
    return length === chunk.length ? chunk : chunk.subarray(0, length)
  }
}
