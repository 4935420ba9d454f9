/**
 * The library's parser of commands and data, with data taken by `Transparency`: the library's own yields to the event loop
 * at each line that begins with a dot, and a message of such lines would take a processor for a minute.
 */
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import { Transparency } from './transparency.ts'

type Done = (error?: Error | null) => void

export class SubmissionParser extends SMTPStream {
  #transparency = new Transparency()

  override startDataMode(maxBytes?: number): ReturnType<SMTPStream['startDataMode']> {
    this.#transparency = new Transparency()
    return super.startDataMode(maxBytes)
  }

  override _feedDataStream(chunk: Buffer, done: Done): void {
    const { content, rest } = this.#transparency.take(chunk)
    this._countDataBytes(content.length)
    if (rest) this._endDataMode(content, rest, done)
    else this.#pass(content, done)
  }

  /** Hands content on, and goes on when the reader of the message has room or is gone. */
  #pass(content: Buffer, done: Done): void {
    const stream = this._dataStream
    if (!stream?.writable || content.length === 0 || stream.write(content) || stream.destroyed) {
      done()
      return
    }
    const goOn = (): void => {
      stream.off('drain', goOn)
      stream.off('close', goOn)
      done()
    }
    stream.once('drain', goOn)
    stream.once('close', goOn)
  }
}
