/**
 * V8 flags that a workload process is started with, here and in the image. A young generation of at most 2 MiB costs little on
 * messages of a few KiB, and saves what an idle process would hold for nothing.
 */
export const workloadNodeFlags: readonly string[] = ['--max-semi-space-size=2']
