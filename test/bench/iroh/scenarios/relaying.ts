/**
 * How much a relay passes on: pairs of clients, each sender a little ahead of its receiver, so that nothing is dropped and
 * nobody waits for a single packet.
 */
import { randomBytes } from 'node:crypto'
import { Endpoint } from '../../../../workloads/iroh/client/endpoint.ts'
import { buildFrame, frameTypes, headerBytes, keyBytes } from '../../../../workloads/iroh/legacy/frames.ts'
import { cpuMs } from '../../usage.ts'
import type { Target } from '../target.ts'
import { endpointOptions } from './options.ts'

/** Below the queue of any relay. */
const window = 384
/** Packets in one write of a sender. */
const batch = 32

export type Relayed = { perSecond: number; megabytesPerSecond: number; cpuMicroseconds: number }

type Pair = { sender: Endpoint; receiver: Endpoint; frames: Buffer }

const openPair = async (options: ReturnType<typeof endpointOptions>, packetBytes: number): Promise<Pair> => {
  const [sender, receiver] = [await Endpoint.open(options), await Endpoint.open(options)]
  const packet = buildFrame(frameTypes.sendPacket, receiver.key, randomBytes(packetBytes))
  return { sender, receiver, frames: Buffer.concat(Array.from({ length: batch }, () => packet)) }
}

/** Resolves when `count` packets have arrived. */
const run = ({ sender, receiver, frames }: Pair, count: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let [sent, arrived] = [0, 0]
    const fill = (): void => {
      for (; sent < count && sent - arrived <= window - batch; sent += batch) sender.sendFrame(frames)
    }
    receiver.onFrame = (frame) => {
      if (frame[0] !== frameTypes.recvPacket) return
      arrived++
      if (arrived === count) resolve()
      else if (arrived % batch === 0) fill()
    }
    for (const { closed } of [sender, receiver]) closed.then(() => reject(new Error('the relay closed a connection')))
    fill()
  })

/** `count` packets of `packetBytes` of data for each of `pairs`. */
export const relaying = async (
  target: Target,
  url: URL,
  { pairs, count, packetBytes }: { pairs: number; count: number; packetBytes: number },
): Promise<Relayed> => {
  const options = endpointOptions(url)
  const open = await Promise.all(Array.from({ length: pairs }, () => openPair(options, packetBytes)))
  const whole = Math.ceil(count / batch) * batch
  await Promise.all(open.map((pair) => run(pair, batch * 100)))
  const [cpu, started] = [cpuMs(target.pids()), performance.now()]
  await Promise.all(open.map((pair) => run(pair, whole)))
  const seconds = (performance.now() - started) / 1000
  const used = cpuMs(target.pids()) - cpu
  for (const { sender, receiver } of open) {
    sender.close()
    receiver.close()
  }
  const packets = whole * pairs
  return {
    perSecond: packets / seconds,
    megabytesPerSecond: (packets * (packetBytes + keyBytes + headerBytes)) / seconds / 1e6,
    cpuMicroseconds: (used * 1000) / packets,
  }
}
