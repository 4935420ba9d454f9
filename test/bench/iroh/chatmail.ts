/** This project's relay as a target, a process of its own. */
import { startIroh } from '../../support/iroh-process.ts'
import { commit } from '../commit.ts'
import { processTree } from '../usage.ts'
import type { Server, Target } from './target.ts'

/** Limits out of the way: the load is what is measured, not its refusal. */
const limits = {
  connectionsPerAddress: 1_000_000,
  newPerSecond: 1_000_000,
  newBurst: 1_000_000,
  connectionPace: null,
  addressPace: null,
}

/** The first start strips types and compiles, which the image has behind it: its memory would be counted with ours. */
const warmUp = async (): Promise<void> => (await startIroh()).stop()

let warm: Promise<void> | undefined

const start = async (): Promise<Target> => {
  warm ??= warmUp()
  await warm
  const { url, secureUrl, workload, stop } = await startIroh({ limits })
  return { url, secureUrl, pids: () => processTree(workload.pid), stop }
}

export const chatmail = (): Server => ({
  name: 'chatmail',
  version: commit(),
  setUp: 'default limits but none per address and no pace',
  start,
})
