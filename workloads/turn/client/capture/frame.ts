/** One frame of a capture, as it went over an interface. */
export type Frame = {
  /** Nanoseconds since 1970; null where the capture has no times. */
  time: bigint | null
  /** tcpdump.org/linktypes.html */
  linkType: number
  /** As much as was captured. */
  data: Buffer
}
