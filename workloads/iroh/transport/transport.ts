/** A connection that carries whole frames, whatever is below it. */
export type Transport = {
  /** Hands frames over in order; `sent` is called once when the system has taken all of them, or never will. */
  send: (frames: readonly Buffer[], sent: () => void) => void
  /** Reads nothing more until `resume`. */
  pause: () => void
  resume: () => void
  /** Closes after what was handed over. */
  end: () => void
  /** Closes at once. */
  destroy: () => void
}

export type TransportEvents = {
  /** So many bytes were read. */
  read: (bytes: number) => void
  /** A whole frame; false when no more of this client is wanted. */
  frame: (frame: Buffer) => boolean
  /** What came is no frame. */
  broken: () => void
  /** The last event. */
  closed: () => void
}
