// Strangers who ask and clients who come and go leave nothing behind: no descriptor, port, timer or memory.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { Registry as MetricsRegistry } from 'prom-client'
import { noPeers } from '../../../workloads/contract/turn-peers.ts'
import { serverAddresses } from '../../../workloads/turn/address/machine.ts'
import { assembleTurn } from '../../../workloads/turn/assemble.ts'
import { TurnClient, type TurnError } from '../../../workloads/turn/client/client.ts'
import { turnCounters } from '../../../workloads/turn/metrics/counters.ts'
import { listenUdp } from '../../../workloads/turn/relay/udp-listener.ts'
import { buildMessage } from '../../../workloads/turn/stun/build.ts'
import { classes, methods } from '../../../workloads/turn/stun/types.ts'
import { udpTransport } from '../../../workloads/turn/stun/values.ts'
import { eventually } from '../../support/eventually.ts'
import { freePorts } from '../../support/ports.ts'
import { udpSocket } from '../../support/turn-client.ts'
import { loginFor, newTurnKeyring, TurnProcess, testTurnConfig } from '../../support/turn-process.ts'

/** In each of two rounds: what the first one grows by, heap and pools, the second one finds there. */
const strangers = 50_000
const clients = 1000
const atOnce = 100
/** Pages that the heap's own rhythm may hold more at one moment than at another, bytes. */
const noise = 12 * 1024 * 1024

let turn: TurnProcess
before(async () => {
  const limits = { allocationsPerCredential: 10_000, allocationsPerIP: 10_000 }
  turn = await TurnProcess.start({
    config: (config) => ({
      ...config,
      limits: { ...config.limits, ...limits },
      lifetime: { default: 2, max: 600 },
    }),
  })
})
after(() => turn.stop())

const residentBytes = (): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${turn.pid}/status`, 'utf8'))![1]) * 1024
const descriptors = (): number => readdirSync(`/proc/${turn.pid}/fd`).length

const counted = async (name: string, labels = ''): Promise<number> => {
  const metrics = await turn.management('/metrics')
  return Number(new RegExp(`^chatmail_turn_${name}${labels} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0)
}
const strangersSeen = async (): Promise<number> =>
  (await counted('unauthenticated_answers_total', '\\{outcome="sent"\\}')) +
  (await counted('unauthenticated_answers_total', '\\{outcome="suppressed"\\}'))

/** Sends until the server has seen so many more, because some may find its buffer full. */
const ask = async (): Promise<void> => {
  const socket = await udpSocket('127.0.0.1')
  socket.connect(turn.address.port, turn.address.host)
  await once(socket, 'connect')
  const request = buildMessage({
    method: methods.allocate,
    class: classes.request,
    transactionId: randomBytes(12),
    attributes: [udpTransport],
  })
  const goal = (await strangersSeen()) + strangers
  while ((await strangersSeen()) < goal)
    for (let batch = 0; batch < 100; batch++) {
      for (let one = 0; one < 40; one++) socket.send(request)
      await turnOfLoop()
    }
  socket.close()
}

/** Every other one frees its allocation, the rest lets it expire. */
const comeAndGo = async (number: number): Promise<void> => {
  try {
    await visit(number)
  } catch (error) {
    // The system gave this client the port of one before it, whose allocation still lives: another port, then.
    if ((error as TurnError).code !== '437') throw error
    await comeAndGo(number)
  }
}

const visit = async (number: number): Promise<void> => {
  const client = await TurnClient.connect({
    protocol: 'udp',
    address: turn.address.host,
    port: turn.address.port,
    localAddress: `127.1.${number % 20}.1`,
    credential: turn.login(),
    signal: AbortSignal.timeout(20_000),
  })
  try {
    await client.allocate()
    await client.bind(0x4000, { address: '127.0.0.1', port: 9 })
    if (number % 2 === 0) await client.refresh(0)
  } finally {
    client.close()
  }
}

const round = async (): Promise<void> => {
  await ask()
  for (let number = 0; number < clients; number += atOnce)
    await Promise.all(Array.from({ length: atOnce }, (_, index) => comeAndGo(number + index)))
  await turn.until(({ counts }) => counts.allocations === 0 && counts.relays === 0 && counts.reservations === 0)
}

test(`${2 * strangers} strangers and ${2 * clients} clients leave what was there before`, async () => {
  const before = descriptors()
  await round()
  const memory = residentBytes()
  await round()
  assert.ok((await counted('session_seconds_count')) >= 2 * clients)
  await eventually(() => assert.ok(descriptors() <= before + 1, `${before} descriptors became ${descriptors()}`))
  await eventually(() => {
    const growth = residentBytes() - memory
    assert.ok(growth < noise, `${growth >> 10} KiB more than after the first round`)
  })
})

test('no allocation has a timer or a socket that outlives it', async (t) => {
  const [port] = await freePorts(1)
  const config = testTurnConfig(port!, 1)
  const keyring = newTurnKeyring()
  const counters = turnCounters(new MetricsRegistry(), () => performance.now())
  const addresses = serverAddresses(config, {})
  const server = assembleTurn(config, addresses, { keyring: () => keyring, peers: () => noPeers }, counters)
  const listener = (await listenUdp(server.engine, '127.0.0.1', port!, counters.socketFailed))!
  const resources = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'UDPWrap')
  t.after(() => listener.close())
  const before = resources().sort()
  const signal = new AbortController().signal
  for (let number = 0; number < 5; number++) {
    const options = {
      protocol: 'udp' as const,
      address: '127.0.0.1',
      port: port!,
      credential: loginFor(keyring),
      signal,
    }
    const client = await TurnClient.connect(options)
    await client.allocate()
    await client.bind(0x4000, { address: '127.0.0.1', port: 9 })
    if (number % 2 === 0) await client.refresh(0)
    client.close()
  }
  server.registry.removeAll()
  await eventually(() => assert.deepEqual(resources().sort(), before))
})
