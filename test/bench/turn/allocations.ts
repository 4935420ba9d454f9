/** Allocations that the generator takes over: made here, with their channel, from local ports that it binds afterwards. */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { attributes } from '../../../workloads/turn/stun/attributes.ts'
import { buildMessage } from '../../../workloads/turn/stun/build.ts'
import { classes, methods } from '../../../workloads/turn/stun/types.ts'
import { addressIn, codeOf, TurnClient } from '../../support/turn-client.ts'
import { cpuMs, memoryKiB } from '../usage.ts'
import type { Target } from './servers.ts'

export type Allocations = {
  /** A line for each, as the generator reads them. */
  lines: (size: number) => string
  /** Milliseconds of CPU for one, with its challenge and its channel; KiB of memory; how many in a second. */
  cpu: number
  memory: number
  perSecond: number
}

const channel = 0x4000
const atOnce = 20
const firstPort = 20_000
/** Of one source: fewer than a server answers strangers at once. */
const perSource = 100

type Made = { local: AddressInfo; relayed: { address: string; port: number } }

const make = async (target: Target, peer: { address: string; port: number }, number: number): Promise<Made> => {
  // Below the system's ephemeral ports, so that nobody takes it before the generator does.
  const socket = createSocket('udp4').bind(firstPort + number, `127.1.${Math.floor(number / perSource)}.1`)
  await once(socket, 'listening')
  const client = new TurnClient(socket, { host: '127.0.0.1', port: target.port }, target.login)
  const relayed = addressIn(await client.allocate(), attributes.xorRelayedAddress)
  const answer = await (target.mode === 'channel' ? client.bind(channel, peer) : client.permit(peer))
  if (codeOf(answer) !== 0) throw new Error(`the server refuses with ${codeOf(answer)}`)
  const local = socket.address()
  client.close()
  return { local, relayed }
}

/** What a client puts before a payload of `size` bytes, a multiple of four. */
const prefixOf = (mode: Target['mode'], peer: { address: string; port: number }, size: number): string => {
  if (mode === 'channel') return Buffer.of(channel >> 8, channel & 0xff, size >> 8, size & 0xff).toString('hex')
  const id = randomBytes(12)
  const client = TurnClient.prototype.peerAttribute
  const list = [client(peer, id), { type: attributes.data, value: Buffer.alloc(size) }]
  const whole = buildMessage({ method: methods.send, class: classes.indication, transactionId: id, attributes: list })
  return whole.subarray(0, whole.length - size).toString('hex')
}

/** @throws Error when the server refuses one */
export const allocate = async (target: Target, count: number, peerPort: number): Promise<Allocations> => {
  const peer = { address: '127.0.0.1', port: peerPort }
  const [cpu, memory, started] = [cpuMs([target.pid]), memoryKiB([target.pid]), performance.now()]
  const made: Made[] = []
  for (let number = 0; number < count; number += atOnce) {
    const some = Math.min(atOnce, count - number)
    made.push(...(await Promise.all(Array.from({ length: some }, (_, index) => make(target, peer, number + index)))))
  }
  const seconds = (performance.now() - started) / 1000
  return {
    lines: (size) =>
      made
        .map(({ local, relayed }) =>
          [local.address, local.port, relayed.address, relayed.port, prefixOf(target.mode, peer, size)].join(' '),
        )
        .join('\n'),
    cpu: (cpuMs([target.pid]) - cpu) / count,
    memory: (memoryKiB([target.pid]) - memory) / count,
    perSecond: count / seconds,
  }
}
