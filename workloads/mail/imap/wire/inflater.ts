/**
 * The client's side of COMPRESS (RFC 4978): raw deflate. What comes out is bounded by reading: while nobody takes it, no
 * more is inflated and the socket is not read, so a small input that inflates to much costs no memory.
 */
import type { Socket } from 'node:net'
import { createInflateRaw, type InflateRaw } from 'node:zlib'

/** Kept by every compressed session, so it is small. */
const chunkSize = 1024

export class Inflater {
  #socket: Socket
  #inflate: InflateRaw

  constructor(socket: Socket, received: (chunk: Buffer) => void) {
    this.#socket = socket
    this.#inflate = createInflateRaw({ chunkSize })
    this.#inflate.on('data', received)
    this.#inflate.on('drain', () => this.#socket.resume())
    this.#inflate.on('error', () => this.#socket.destroy())
    this.#inflate.on('end', () => this.#socket.end())
  }

  write(chunk: Buffer): void {
    if (!this.#inflate.write(chunk)) this.#socket.pause()
  }

  isPaused(): boolean {
    return this.#inflate.isPaused()
  }

  pause(): void {
    this.#inflate.pause()
    this.#socket.pause()
  }

  resume(): void {
    this.#inflate.resume()
    if (!this.#inflate.writableNeedDrain) this.#socket.resume()
  }

  close(): void {
    this.#inflate.destroy()
  }
}
