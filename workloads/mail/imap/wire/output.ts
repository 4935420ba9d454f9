/**
 * What goes to the client. Responses gather here and leave in one write; a large answer leaves in slices, each after the
 * socket has taken the one before, so that a slow reader costs no memory. With COMPRESS each write is deflated on its own
 * (RFC 4978): a stream of its own blocks, so nothing is kept between writes.
 */
import { constants, deflateRawSync } from 'node:zlib'

export type Sink = {
  /** Writes text (one character an octet) or bytes; false when no more should come until the sink drains. */
  write(data: string | Buffer, encoding?: 'latin1'): boolean
  end(): void
  readonly writable: boolean
}

const fullAt = 32 * 1024
const sliceSize = 64 * 1024

const deflate = (data: string | Buffer): Buffer =>
  deflateRawSync(typeof data === 'string' ? Buffer.from(data, 'latin1') : data, {
    level: 1,
    finishFlush: constants.Z_SYNC_FLUSH,
  })

const join = (parts: readonly (string | Buffer)[]): string | Buffer =>
  parts.length === 1
    ? parts[0]!
    : Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))

export class Output {
  #sink: Sink
  #parts: (string | Buffer)[] = []
  /** Text after the last of the parts. */
  #tail = ''
  #size = 0
  #resume: (() => void) | null = null
  /** True from COMPRESS on. */
  deflated = false
  /** True while the sink takes no more. */
  blocked = false

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** After STARTTLS: the same output over another socket. */
  attach(sink: Sink): void {
    this.#sink = sink
    this.blocked = false
  }

  /** Adds text; one character is one octet. */
  text(text: string): void {
    this.#tail += text
    this.#size += text.length
  }

  /** Adds one response line. */
  line(text: string): void {
    this.text(`${text}\r\n`)
  }

  bytes(bytes: Buffer): void {
    if (this.#tail !== '') this.#parts.push(this.#tail)
    this.#tail = ''
    this.#parts.push(bytes)
    this.#size += bytes.length
  }

  /** True when it is time to `drain`. */
  get full(): boolean {
    return this.#size >= fullAt
  }

  /** Writes what was gathered, at once. */
  flush(): void {
    if (this.#size > 0) this.#write(join(this.#take()))
  }

  /** Writes what was gathered, slice by slice, waiting for the sink. False when the connection is gone. */
  async drain(): Promise<boolean> {
    const parts = this.#take()
    let small: (string | Buffer)[] = []
    for (const part of parts) {
      if (part.length < sliceSize) {
        small.push(part)
        continue
      }
      if (small.length > 0) this.#write(join(small))
      small = []
      if (!(await this.#slices(part))) return false
    }
    if (small.length > 0) this.#write(join(small))
    return this.#ready()
  }

  /** Writes what was gathered and says that nothing follows. */
  end(): void {
    this.flush()
    this.#sink.end()
  }

  /** The sink takes more again, or is gone. */
  wake(): void {
    this.blocked = false
    const resume = this.#resume
    this.#resume = null
    resume?.()
  }

  async #slices(part: string | Buffer): Promise<boolean> {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part
    for (let at = 0; at < bytes.length; at += sliceSize) {
      if (!(await this.#ready())) return false
      this.#write(bytes.subarray(at, at + sliceSize))
    }
    return true
  }

  async #ready(): Promise<boolean> {
    if (this.blocked && this.#sink.writable)
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
    return this.#sink.writable
  }

  #take(): (string | Buffer)[] {
    const parts = this.#parts
    if (this.#tail !== '') parts.push(this.#tail)
    this.#parts = []
    this.#tail = ''
    this.#size = 0
    return parts
  }

  #write(data: string | Buffer): void {
    if (!this.#sink.writable) return
    const taken = this.deflated
      ? this.#sink.write(deflate(data))
      : typeof data === 'string'
        ? this.#sink.write(data, 'latin1')
        : this.#sink.write(data)
    if (!taken) this.blocked = true
  }
}
