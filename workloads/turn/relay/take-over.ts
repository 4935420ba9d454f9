/** A connection that mail took on its HTTPS port: whose it is, once its header has come. */
import type { Socket } from 'node:net'
import { type HandedOver, readHandOver } from '../../kit/hand-over/header.ts'

export type HandOverKeys = {
  /** Of the key ring: mail signs with the one that signs credentials. */
  secrets: () => readonly string[]
  /** Unix seconds. */
  seconds: () => number
}

/** Calls `done` once, with null where the header is refused or late. What follows it is left to be read; the socket is paused. */
export const takeOver = (
  socket: Socket,
  { secrets, seconds }: HandOverKeys,
  timeoutMs: number,
  done: (client: HandedOver | null) => void,
): void => {
  let bytes: Buffer = Buffer.alloc(0)
  const end = (client: HandedOver | null): void => {
    clearTimeout(tooLate)
    socket.off('data', take).pause()
    done(client)
  }
  const take = (chunk: Buffer): void => {
    bytes = bytes.length > 0 ? Buffer.concat([bytes, chunk]) : chunk
    const read = readHandOver(bytes, secrets(), seconds())
    if (read === 'more') return
    if (read === 'refused') {
      end(null)
      return
    }
    socket.pause().unshift(bytes.subarray(read.length))
    end(read.client)
  }
  const tooLate = setTimeout(() => end(null), timeoutMs)
  socket.once('close', () => clearTimeout(tooLate))
  socket.on('data', take).resume()
}
