/** How often is looked at what nothing announces, in milliseconds. */
export type Pace = {
  /** Everything, whatever changed; with jitter, so that not all at once. */
  resyncMs: number
  /** What a person has to mend: it may be something that is not watched, such as a Secret of theirs or a label. */
  problemMs: number
  /** A certificate that is not there yet: Secrets of others are not watched. */
  certificateMs: number
  /** Proofs of one relay while it works and while it does not. */
  proofs: { worksMs: number; failsMs: number }
}

export const usualPace: Pace = {
  resyncMs: 300_000,
  problemMs: 30_000,
  certificateMs: 5_000,
  proofs: { worksMs: 60_000, failsMs: 2_000 },
}
