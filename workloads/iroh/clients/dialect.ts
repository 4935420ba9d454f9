/** What the two generations of Iroh clients say differently. The relay itself is the same for both. */

/** Clients of one generation reach each other alone: what they put into their datagrams is not understood by the other. */
export type Generation = 'legacy' | 'modern'

export const generations: readonly Generation[] = ['legacy', 'modern']

export type FrameKind = 'datagram' | 'ping' | 'pong' | 'ignored' | 'invalid'

/** How a client proves its key. */
export type Handshake = {
  /** What the relay says first. */
  greeting: Buffer | null
  /** Reads the client's answer; `reply` is what to say to it. */
  answer: (frame: Buffer) => { key: Buffer; reply: Buffer | null } | { key: null; reply: Buffer | null }
}

export type Dialect = {
  generation: Generation
  handshake: (random: (bytes: number) => Buffer) => Handshake
  /** Judges a frame of a client that is known. */
  kindOf: (frame: Buffer) => FrameKind
  /** Of a datagram: the key of its receiver. */
  keyIn: (frame: Buffer) => string
  /** Makes the receiver's frame out of the sender's datagram, in place. */
  turnAround: (frame: Buffer, sender: Buffer) => Buffer
  /** Of a ping or pong: its 8 bytes. */
  dataOf: (frame: Buffer) => Buffer
  ping: (data: Buffer) => Buffer
  pong: (data: Buffer) => Buffer
  gone: (key: string) => Buffer
  restarting: (reconnectIn: number, tryFor: number) => Buffer
  /** What an older connection is told when its key connects again; it is closed where there is nothing to say. */
  superseded: Buffer | null
  /** What an older connection is told when it is the newest again. */
  restored: Buffer | null
}
