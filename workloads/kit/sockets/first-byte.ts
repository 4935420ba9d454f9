/** Protocols that share a port are told apart by the first byte that a client sends. */
import type { Duplex } from 'node:stream'

/**
 * Calls `ready`, which must give `socket` a reader, with the first byte; that reader gets it too, once it resumes. A client that
 * sends none within `timeoutMs` milliseconds is closed. Errors of the socket close it and are nobody else's.
 */
export const firstByte = (socket: Duplex, timeoutMs: number, ready: (byte: number) => void): void => {
  const tooLate = setTimeout(() => socket.destroy(), timeoutMs)
  const over = (): void => clearTimeout(tooLate)
  socket.on('error', () => undefined).once('close', over)
  socket.once('data', (first: Buffer) => {
    over()
    socket.off('close', over).pause().unshift(first)
    ready(first[0]!)
  })
}
