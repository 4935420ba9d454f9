/** Sends a damaged session to a TCP port and sees to it that the server answers or ends it. */
import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { connect as connectSecure } from 'node:tls'
import type { Manner } from './mutation.ts'

/** Longer than any part of a session takes on a busy machine, and shorter than the time-outs for the silent. */
const patienceMs = 20_000

const open = (port: number, secure: boolean): Socket =>
  (secure
    ? connectSecure({ port, host: '127.0.0.1', rejectUnauthorized: false })
    : connectPlain({ port, host: '127.0.0.1' })
  ).on('error', () => undefined)

/** With RST where that can be had: Node never closes a socket that is reset while it is being ended, or under TLS. */
const breakOff = (socket: Socket, secure: boolean): void => {
  if (secure || socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

const write = async (socket: Socket, bytes: Buffer, pieces: number): Promise<void> => {
  const size = Math.ceil(bytes.length / pieces) || 1
  for (let at = 0; at < bytes.length && socket.writable; at += size) {
    socket.write(bytes.subarray(at, at + size))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/**
 * Resolves once the session is over; one that ends in silence stays open and is returned.
 * @throws Error when nobody accepts the connection, or when the server keeps a session that has been closed
 */
export const intrude = async (
  { port, secure }: { port: number; secure: boolean },
  bytes: Buffer,
  { pieces, end }: Manner,
): Promise<Socket | null> => {
  const socket = open(port, secure)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, secure ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(patienceMs) })
  // The server's words are read and thrown away: one that does not read is another test.
  socket.resume()
  await write(socket, bytes, pieces)
  if (end === 'silence') return socket
  if (end === 'close') socket.end()
  else breakOff(socket, secure)
  const outOfPatience = new AbortController()
  const late = wait(patienceMs, 'late', { signal: outOfPatience.signal }).catch(() => null)
  if ((await Promise.race([closed, late])) === 'late') throw new Error(`port ${port} keeps a session that is over`)
  outOfPatience.abort()
  return null
}
