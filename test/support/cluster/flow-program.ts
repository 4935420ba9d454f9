/**
 * A call as the relay sees it, run in the outsider's network: two allocations that send packets to one another through
 * their public relayed addresses, and refresh them. The first line of standard input says what to do (`FlowPlan`), its end
 * ends the flow; each line of standard output is a `FlowCounts`.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { attributes } from '../../../workloads/turn/stun/attributes.ts'
import type { Message } from '../../../workloads/turn/stun/message.ts'
import { addressIn, codeOf, TurnClient } from '../turn-client.ts'
import type { FlowPlan } from './flow.ts'
import { FlowCounter, lateMs } from './flow-counts.ts'

const channel = 0x4000
const reportMs = 250
/** As long as a packet of Opus; the sequence number comes first. */
const packetBytes = 160
/** The longest time that a timer takes. */
const foreverMs = 2 ** 31 - 1

type End = { client: TurnClient; relayed: { address: string; port: number } }

/** `host:port:username:password`, as clients get it from the server. */
const open = async (value: string): Promise<End> => {
  const [host = '', port, username = '', ...password] = value.split(':')
  const client = await TurnClient.open({ host, port: Number(port) }, { username, password: password.join(':') })
  const relayed = addressIn(await client.allocate(), attributes.xorRelayedAddress)
  return { client, relayed }
}

/** Takes what is relayed to an end for as long as this runs. */
const receive = async ({ client }: End, take: (data: Buffer) => void): Promise<never> => {
  for (;;) take((await client.next(foreverMs)).data)
}

const lines = createInterface({ input: process.stdin })
const ended = once(lines, 'close')
const [line] = await once(lines, 'line')
const plan: FlowPlan = JSON.parse(line)
const caller = await open(plan.turn)
const callee = await open(plan.other ?? plan.turn)
const counter = new FlowCounter(performance.now())

const judged = async (answer: Promise<Message>): Promise<void> =>
  counter.answered(await answer.then(codeOf).catch(() => 'silent' as const))

/** A channel binding is refreshed by binding again, and carries the permission along. */
const bind = ({ client }: End, peer: End): Promise<void> => judged(client.bind(channel, peer.relayed))
const refresh = (end: End): Promise<void> => judged(end.client.refresh(600))

const report = (): void => console.log(JSON.stringify(counter.at(performance.now())))

void receive(callee, (data) => callee.client.sendOn(channel, data))
void receive(caller, (data) => counter.echoed(data.readUInt32BE(0), performance.now()))
await Promise.all([bind(caller, callee), bind(callee, caller)])

const send = (): void => {
  const packet = Buffer.alloc(packetBytes)
  packet.writeUInt32BE(counter.sent(performance.now()))
  caller.client.sendOn(channel, packet)
}
const keepAlive = (): void => {
  for (const [end, peer] of [
    [caller, callee],
    [callee, caller],
  ] as const) {
    void refresh(end)
    void bind(end, peer)
  }
}
const timers = [
  setInterval(send, 1000 / plan.rate),
  setInterval(report, reportMs),
  setInterval(keepAlive, plan.refreshSeconds * 1000),
]
await ended
for (const timer of timers) clearInterval(timer)
for (const deadline = performance.now() + lateMs; counter.underWay > 0 && performance.now() < deadline; ) await wait(20)
report()
await Promise.allSettled([caller, callee].map(({ client }) => client.refresh(0)))
process.exit(0)
