/**
 * A bounded load of calls: pairs of allocations that send to each other over channels at a constant rate. What was due is
 * sent even when it is late, so that a server which stalls does not slow its own examination down.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { TurnCredential } from '../../contract/credential.ts'
import { familyOf } from '../../kit/address/text.ts'
import { TurnClient } from './client.ts'
import { type Protocol, tlsFor } from './link.ts'

export type LoadOptions = {
  protocol: Protocol
  /** Name or address, and where it leads. */
  host: string
  address: string
  port: number
  /** A credential for each call. */
  credential: () => TurnCredential
  calls: number
  /** Datagrams a second of each call in each direction. */
  rate: number
  /** Bytes of each datagram, 16 at least. */
  size: number
  durationMs: number
  /** The certificate must be for the host's name; false takes any. */
  verifyTls: boolean
  signal: AbortSignal
}

export type LoadReport = {
  calls: number
  sent: number
  received: number
  lossPercent: number
  perSecond: number
  latencyMs: { p50: number; p99: number; max: number }
}

type Call = { a: TurnClient; b: TurnClient; channel: number; close: () => Promise<void> }

const channel = 0x4000
/** What is on its way at the end still counts, milliseconds. */
const settleMs = 500
const tickMs = 5
/** Latencies that are kept: the later ones stand for the earlier ones. */
const maxSamples = 200_000

class Tally {
  sent = 0
  received = 0
  #latencies: number[] = []

  took(data: Buffer): void {
    this.received++
    this.#latencies[this.received % maxSamples] = performance.now() - data.readDoubleBE(0)
  }

  percentile(share: number): number {
    const sorted = this.#latencies.filter((each) => each !== undefined).sort((a, b) => a - b)
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return Math.round(value * 100) / 100
  }
}

const openCall = async (options: LoadOptions, tally: Tally): Promise<Call> => {
  const { protocol, host, address, port, verifyTls, signal } = options
  const own = options.credential()
  const tls = tlsFor(host, verifyTls)
  const open = () => TurnClient.connect({ protocol, address, port, credential: own, signal, tls })
  const [a, b] = await Promise.all([open(), open()])
  const family = familyOf(address)
  const [{ relayed: relayedA }, { relayed: relayedB }] = await Promise.all([a.allocate(family), b.allocate(family)])
  await Promise.all([a.bind(channel, relayedB), b.bind(channel, relayedA)])
  for (const client of [a, b]) client.onData = ({ data }) => tally.took(data)
  return { a, b, channel, close: async () => void (await Promise.all([a.release(), b.release()])) }
}

const sendBoth = ({ a, b }: Call, datagram: Buffer, tally: Tally): void => {
  datagram.writeDoubleBE(performance.now(), 0)
  a.sendOn(channel, datagram)
  b.sendOn(channel, datagram)
  tally.sent += 2
}

/** Sends what is due at each tick, the calls in turn. */
const drive = async (calls: readonly Call[], options: LoadOptions, tally: Tally): Promise<number> => {
  const { rate, size, durationMs, signal } = options
  const datagram = randomBytes(size)
  const started = performance.now()
  let sends = 0
  for (;;) {
    const elapsed = performance.now() - started
    if (elapsed >= durationMs || signal.aborted) return elapsed
    const due = Math.floor((elapsed / 1000) * rate * calls.length)
    for (; sends < due; sends++) sendBoth(calls[sends % calls.length]!, datagram, tally)
    await wait(tickMs)
  }
}

/** Refreshes nothing: a load ends before its allocations and permissions do. @throws TurnError when a call cannot be opened */
export const loadServer = async (options: LoadOptions, progress: (text: string) => void): Promise<LoadReport> => {
  const tally = new Tally()
  const calls: Call[] = []
  try {
    for (let count = 0; count < options.calls && !options.signal.aborted; count++)
      calls.push(await openCall(options, tally))
    progress(`${calls.length} calls are up`)
    const elapsed = await drive(calls, options, tally)
    await wait(settleMs)
    const lost = tally.sent === 0 ? 0 : (tally.sent - tally.received) / tally.sent
    return {
      calls: calls.length,
      sent: tally.sent,
      received: tally.received,
      lossPercent: Math.round(lost * 10_000) / 100,
      perSecond: Math.round(tally.received / (elapsed / 1000)),
      latencyMs: { p50: tally.percentile(0.5), p99: tally.percentile(0.99), max: tally.percentile(1) },
    }
  } finally {
    await Promise.all(calls.map((call) => call.close()))
  }
}
