/** Removes what belongs to no account any more, slice by slice between the batches, also after a restart. */

/** Until a slice that failed, as on a full disk, is tried again. */
const retryMs = 10_000

export type Purger = {
  /** There may be something to remove. */
  wake: () => void
  stop: () => void
}

/** `slice` removes one: true while there may be more, null when it failed. */
export const purger = (slice: () => boolean | null): Purger => {
  let next: NodeJS.Immediate | undefined
  let retry: NodeJS.Timeout | undefined

  const run = (): void => {
    next = undefined
    const more = slice()
    if (more) wake()
    if (more === null) retry = setTimeout(wake, retryMs)
  }
  const wake = (): void => {
    next ??= setImmediate(run)
  }

  return {
    wake,
    stop: () => {
      clearImmediate(next)
      clearTimeout(retry)
    },
  }
}
