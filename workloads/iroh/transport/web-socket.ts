/** Frames as binary messages of a WebSocket (RFC 6455), one each. Text messages are passed over, as clients expect. */
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { buildFrame, headerBytes, isPossible } from '../legacy/frames.ts'
import type { Transport, TransportEvents } from './transport.ts'

/** How a frame stands in a message. */
export type MessageForm = {
  /** The frame, or null where the message holds none. */
  read: (message: Buffer) => Buffer | null
  write: (frame: Buffer) => Buffer
}

/** Iroh 1.x: the message is the frame. */
export const modernForm: MessageForm = {
  read: (message) => (message.length > 0 ? message : null),
  write: (frame) => frame,
}

/** Iroh 0.35 in a WebSocket: without the length, which the message has. */
export const legacyForm: MessageForm = {
  read: (message) => {
    const type = message[0] ?? 0
    return isPossible(type, message.length - 1) ? buildFrame(type, message.subarray(1)) : null
  },
  write: (frame) => Buffer.concat([frame.subarray(0, 1), frame.subarray(headerBytes)]),
}

/** About what a message has around it: the header with its mask. */
const overheadBytes = 8

export const webSocketTransport = (
  socket: WebSocket,
  stream: Duplex,
  form: MessageForm,
  events: TransportEvents,
): Transport => {
  let wanted = true
  const take = (data: RawData, isBinary: boolean): void => {
    if (!wanted) return
    const message = data as Buffer
    events.read(message.length + overheadBytes)
    if (!isBinary) return
    const frame = form.read(message)
    wanted = frame !== null && events.frame(frame)
    if (frame === null) events.broken()
  }
  socket.on('message', take)
  socket.on('error', () => socket.terminate())
  socket.on('close', events.closed)
  return {
    send: (frames, sent) => {
      stream.cork()
      const last = frames.length - 1
      frames.forEach((frame, index) => {
        socket.send(form.write(frame), { binary: true }, index === last ? sent : undefined)
      })
      stream.uncork()
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => {
      wanted = false
      socket.close(1000)
    },
    destroy: () => {
      wanted = false
      socket.terminate()
    },
  }
}
