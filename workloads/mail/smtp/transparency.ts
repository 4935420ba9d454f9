/**
 * Transparency and the end of data (RFC 5321 §4.5.2): a line of a dot alone ends the message, any other line that begins
 * with a dot has one too many. Only CRLF ends a line, so that nobody can smuggle an end past one of two servers. Compacts
 * each chunk in place: a message costs one look at its bytes, whatever it holds.
 *
 *     end = CRLF "." CRLF        ; at the start of the data the first CRLF is that of the DATA command
 */

const lf = 0x0a
const cr = 0x0d
const dot = 0x2e

/** What stands right before the next octet. In the last two a dot is held back, and a CR behind it. */
const states = { text: 0, cr: 1, crlf: 2, dot: 3, dotCr: 4 } as const
type State = (typeof states)[keyof typeof states]

const lineDot = Buffer.from('\r\n.')

/** `content` lies in the chunk that was given; `rest` is what follows the end, null as long as there was none. */
export type Unstuffed = { content: Buffer; rest: Buffer | null }

const next = (state: State, octet: number): State => {
  if (octet === cr) return states.cr
  if (octet === lf) return state === states.cr ? states.crlf : states.text
  return octet === dot && state === states.crlf ? states.dot : states.text
}

export class Transparency {
  #state: State = states.crlf

  /** Takes the next octets, and writes into them. */
  take(given: Buffer): Unstuffed {
    if (given.length === 0) return { content: given, rest: null }
    const chunk = this.#withHeld(given)
    const from = this.#firstDot(chunk)
    if (from !== -1) return this.#compact(chunk, from)
    const tail = Math.max(0, chunk.length - 2)
    if (tail > 0) this.#state = states.text
    for (let at = tail; at < chunk.length; at++) this.#state = next(this.#state, chunk[at]!)
    return { content: chunk, rest: null }
  }

  /** A dot at the very end of the chunk before is looked at again with what follows it. */
  #withHeld(given: Buffer): Buffer {
    if (this.#state < states.dot) return given
    const octets = this.#state === states.dot ? [dot] : [dot, cr]
    this.#state = states.crlf
    return Buffer.concat([Buffer.from(octets), given])
  }

  /** Where to begin to look at each octet: at the CRLF before the first dot that begins a line, or -1. */
  #firstDot(chunk: Buffer): number {
    if (this.#state === states.crlf && chunk[0] === dot) return 0
    if (this.#state === states.cr && chunk[0] === lf && chunk[1] === dot) return 0
    const found = chunk.indexOf(lineDot)
    if (found > 0) this.#state = states.text
    return found
  }

  #compact(chunk: Buffer, from: number): Unstuffed {
    let state = this.#state
    let out = from
    for (let at = from; at < chunk.length; at++) {
      const octet = chunk[at]!
      if (state === states.dot && octet === cr) {
        state = states.dotCr
        continue
      }
      if (state === states.dotCr) {
        if (octet === lf) return { content: chunk.subarray(0, out), rest: chunk.subarray(at + 1) }
        chunk[out++] = cr
        state = states.cr
      }
      // After the dot of a line with more on it: the dot is gone, and what follows begins no line.
      state = next(state === states.dot ? states.text : state, octet)
      if (state !== states.dot) chunk[out++] = octet
    }
    this.#state = state
    return { content: chunk.subarray(0, out), rest: null }
  }
}
