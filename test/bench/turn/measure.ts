/** One round with one server: what a relayed datagram costs at a steady rate, and how many it carries. */
import { freePorts } from '../../support/ports.ts'
import { cpuMs } from '../usage.ts'
import { allocate } from './allocations.ts'
import type { Carried, Generator } from './generator.ts'
import type { Server, Target } from './servers.ts'

export type Scenario = { allocations: number; size: number }

/** CPU in microseconds of a relayed datagram, latency in milliseconds, memory in KiB. */
export type Figures = {
  steadyCpu: number
  p50: number
  p99: number
  highest: number
  saturatedCpu: number
  allocationCpu: number
  allocationMemory: number
  allocationsPerSecond: number
}

/** Datagrams a second at which costs are compared. */
export const steadyRate = 10_000
/** Where the search begins for a server that does not carry that. */
const lowestRate = 1000
/** What may be lost of a rate that counts as carried: what a call does not notice. */
const tolerated = 0.005
const growth = 1.2
const limit = 600_000

type Step = Carried & { rate: number; cpu: number }

const lossOf = ({ sent, received }: Carried): number => (sent === 0 ? 1 : (sent - received) / sent)

/** The highest rate that is carried; a rate that fails is tried once more, because a machine has hiccups. */
const climb = async (run: (rate: number) => Promise<Step>, from: Step): Promise<Step> => {
  let best = from
  for (let rate = from.rate * growth; rate < limit; rate *= growth) {
    const steps = [await run(rate)]
    if (lossOf(steps[0]!) > tolerated) steps.push(await run(rate))
    const carried = steps.find((step) => lossOf(step) <= tolerated)
    if (!carried) return best
    best = carried
  }
  return best
}

const running = new Set<Target>()

/** Stops whatever is being measured. */
export const stopAll = async (): Promise<void> => void (await Promise.all([...running].map((target) => target.stop())))

export const measure = async (
  server: Server,
  { allocations, size }: Scenario,
  generator: Generator,
  seconds: number,
): Promise<Figures> => {
  const target: Target = await server.start()
  running.add(target)
  try {
    const [peerPort] = await freePorts(1)
    const made = await allocate(target, allocations, peerPort!)
    const load = { port: target.port, peerPort: peerPort!, size, allocations: made.lines(size) }
    const run = async (rate: number, time = seconds): Promise<Step> => {
      const before = cpuMs([target.pid])
      const carried = await generator.run({ ...load, rate: Math.round(rate), seconds: time })
      return { ...carried, rate, cpu: ((cpuMs([target.pid]) - before) * 1000) / Math.max(1, carried.received) }
    }
    await run(steadyRate / 2, 1)
    const steady = await run(steadyRate, seconds * 2)
    const from = lossOf(steady) <= tolerated ? steady : await run(lowestRate)
    const best = lossOf(from) > tolerated ? { ...from, rate: 0 } : await climb(run, from)
    return {
      steadyCpu: steady.cpu,
      p50: steady.p50,
      p99: steady.p99,
      highest: best.rate,
      saturatedCpu: best.cpu,
      allocationCpu: made.cpu * 1000,
      allocationMemory: made.memory,
      allocationsPerSecond: made.perSecond,
    }
  } finally {
    await target.stop()
    running.delete(target)
  }
}
