/** Frames of Iroh 0.35 on the bare stream that an upgrade left. */
import type { Duplex } from 'node:stream'
import { FrameReader } from '../legacy/frame-reader.ts'
import { frameTypes } from '../legacy/frames.ts'
import type { Transport, TransportEvents } from './transport.ts'

const areAdjacent = (a: Buffer, b: Buffer): boolean => a.buffer === b.buffer && a.byteOffset + a.length === b.byteOffset

/** The frames in one piece. Those of one sender to one receiver mostly lie beside each other as they came, and stay so. */
export const inOnePiece = (frames: readonly Buffer[]): Buffer => {
  const first = frames[0]!
  if (frames.length === 1) return first
  const apart = frames.some((frame, index) => index > 0 && !areAdjacent(frames[index - 1]!, frame))
  if (apart) return Buffer.concat(frames)
  const last = frames.at(-1)!
  return Buffer.from(first.buffer, first.byteOffset, last.byteOffset + last.length - first.byteOffset)
}

/** `head` is what came with the request. Reading starts when the current work is done. */
export const streamTransport = (stream: Duplex, head: Buffer, events: TransportEvents): Transport => {
  const reader = new FrameReader(frameTypes.clientInfo)
  let wanted = true
  const take = (chunk: Buffer): void => {
    if (!wanted) return
    events.read(chunk.length)
    let judged = true
    const whole = reader.push(chunk, (frame) => {
      judged = events.frame(frame)
      return judged
    })
    wanted = whole
    if (!whole && judged) events.broken()
  }
  if (head.length > 0) stream.unshift(head)
  stream.on('data', take)
  stream.on('error', () => stream.destroy())
  stream.on('close', events.closed)
  return {
    send: (frames, sent) => void stream.write(inOnePiece(frames), sent),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    end: () => {
      wanted = false
      // Ends what the client does not: a reader that is gone never takes the rest, which the sweep notices.
      stream.end(() => stream.destroy())
    },
    destroy: () => {
      wanted = false
      stream.destroy()
    },
  }
}
