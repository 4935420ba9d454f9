/**
 * Messages on a stream (RFC 8656 §12.5, RFC 8489 §6.2.2): one after the other, each with its length in its third and
 * fourth byte. ChannelData is padded to 32 bits there, STUN always is.
 */
import { channelHeaderLength } from './channel-data.ts'
import { headerLength, magicCookie } from './message.ts'

/** Longest message: a datagram of 65,507 bytes with what is around it. */
const maxMessage = 65_536 + headerLength

/** Why a stream cannot be read on: nothing says where the next message starts. */
export type StreamFailure = 'type' | 'cookie' | 'length'

const none = Buffer.alloc(0)

/** Bytes of the message at the start of `bytes`, padding included; 0 when too little is there to say. */
const wholeLength = (bytes: Buffer): number | StreamFailure => {
  if (bytes.length < channelHeaderLength) return 0
  const length = bytes.readUInt16BE(2)
  if (bytes[0]! >= 0x40) return bytes[0]! > 0x7f ? 'type' : channelHeaderLength + ((length + 3) & ~3)
  if (length % 4 !== 0) return 'length'
  if (bytes.length >= 8 && bytes.readUInt32BE(4) !== magicCookie) return 'cookie'
  const whole = headerLength + length
  return whole <= maxMessage ? whole : 'length'
}

/** Cuts what arrives into messages. After a failure it yields nothing more. */
export class MessageStream {
  #rest: Buffer = none
  #failure: StreamFailure | null = null

  /** Bytes of a message that is not complete yet. */
  get pending(): number {
    return this.#rest.length
  }

  get failure(): StreamFailure | null {
    return this.#failure
  }

  /** The messages that `chunk` completes, each a view without a stream's padding of ChannelData. */
  *take(chunk: Buffer): Generator<Buffer> {
    if (this.#failure) return
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    this.#rest = none
    for (;;) {
      const whole = wholeLength(bytes)
      if (typeof whole === 'string') {
        this.#failure = whole
        return
      }
      if (whole === 0 || bytes.length < whole) break
      yield bytes.subarray(0, whole)
      bytes = bytes.subarray(whole)
    }
    // A copy, so that a few bytes do not hold a whole buffer of the socket's.
    this.#rest = bytes.length > 0 ? Buffer.from(bytes) : none
  }
}
