/** How a workload process is started, on one machine and by the image: what keeps its memory small. */

/**
 * V8 flags. A young generation of at most 2 MiB costs little on messages of a few KiB, and saves what an idle process would
 * hold for nothing.
 */
export const workloadNodeFlags: readonly string[] = ['--max-semi-space-size=2']

/** One heap of the C library for all threads: idle sessions take a sixth less, and one thread does nearly all the work. */
export const workloadEnvironment: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' }
