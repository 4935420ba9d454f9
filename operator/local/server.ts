/**
 * A local server's life: the relays first, then mail, which is told of those that work, and of every change since.
 */
import { EventEmitter, on } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from '../../workloads/contract/exit-codes.ts'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import type { TurnEndpoint } from '../../workloads/contract/relays.ts'
import { StartError } from '../../workloads/contract/start-error.ts'
import { digestOf } from '../../workloads/contract/state.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { Resolve } from '../reconcile/lookups.ts'
import type { Facts, TurnNode } from '../render/facts.ts'
import { relaysText } from '../render/files.ts'
import { render } from '../render/index.ts'
import { names } from '../render/names.ts'
import { componentOf } from '../render/objects.ts'
import { managementPort } from '../render/ports.ts'
import { takesOver } from '../render/turn/engine.ts'
import { IrohTeller, type ProveIroh } from './iroh.ts'
import { followNat64 } from './nat64.ts'
import type { PodEvent } from './pods/pod.ts'
import type { Runner } from './pods/runner.ts'
import { loadedDigest } from './state.ts'

/** A start takes about a second; a slow machine gets this long. */
const startDeadlineMs = 60_000
const statePollMs = 25

export type PodEvents = EventEmitter<{ event: [PodEvent] }>

export const podEvents = (): PodEvents => new EventEmitter()

export type LocalServer = {
  server: ChatmailServer
  facts: Facts
  runner: Runner
  events: PodEvents
  /** Told of each step of the start. */
  progress: (line: string) => void
  /** Words on why a pod ended. */
  explain: (pod: string) => string
  proveIroh: ProveIroh
  resolve: Resolve
}

const failure = ({ explain }: LocalServer, event: PodEvent & { kind: 'exit' }): StartError => {
  const why = explain(event.pod)
  const code = event.code === exitCodes.config || event.code === exitCodes.unavailable ? event.code : exitCodes.failed
  return new StartError(`${event.pod} did not start${why ? `: ${why}` : ''}`, code)
}

/** Exit codes after which another try within the start would end the same way. */
const hopeless = new Set<number | null>([exitCodes.config, exitCodes.unavailable])

/** @throws StartError when the pod ends for good or the deadline passes */
const untilReady = async (local: LocalServer, pod: string, signal: AbortSignal): Promise<void> => {
  if (local.runner.isReady(pod)) return
  for await (const [event] of on(local.events, 'event', { signal }) as AsyncIterable<[PodEvent]>) {
    if (event.kind === 'exit' && hopeless.has(event.code)) throw failure(local, event)
    if (local.runner.isReady(pod)) return
  }
}

/** Mail has the relays in force that it is to tell. */
const untilLoaded = async ({ server, facts }: LocalServer, signal: AbortSignal): Promise<void> => {
  const port = managementPort(server, 'local', 'mail')
  const ask = () => loadedDigest(facts.managementAddress, port, facts.managementToken, mountedFiles.relays)
  while ((await ask()) !== digestOf(relaysText(server, facts))) await sleep(statePollMs, undefined, { signal })
}

/** The relay as clients are told of it, while it is ready. */
const endpoints = ({ server, facts, runner }: LocalServer, address: string): TurnEndpoint[] =>
  facts.turnNodes
    .filter((node) => runner.isReady(names.turn(server, node)))
    .map((node) => ({
      id: node.name,
      host: server.spec.turn.hostname ?? address,
      port: server.spec.turn.port,
      state: 'ready',
      ...(takesOver(server) ? { handOver: { host: nearAddress(node), port: server.spec.turn.port } } : {}),
    }))

/** Where mail, on the same machine, reaches a relay. */
const nearAddress = ({ listen }: TurnNode): string => (listen.includes('0.0.0.0') ? '127.0.0.1' : listen[0]!)

/** Puts in force what the facts say now. */
export const applyAll = ({ server, facts, runner }: LocalServer): Promise<void> => runner.apply(render(server, facts))

/** The same when something has changed that is told while the server runs. */
const tell = (local: LocalServer, whom: string): Promise<void> =>
  applyAll(local).catch((error: Error) => local.progress(`${whom} could not be told of a change: ${error.message}`))

/** The pods of the relays that this server runs. */
const relayPods = ({ server, facts }: LocalServer): string[] => [
  ...(server.spec.turn.enabled ? facts.turnNodes.map((node) => names.turn(server, node)) : []),
  ...(server.spec.iroh.mode === 'Managed' ? [names.iroh(server)] : []),
]

const startRelays = async (local: LocalServer, signal: AbortSignal): Promise<void> => {
  const { server, facts, runner } = local
  await runner.apply(
    render(server, facts).filter((object) => object.kind === 'Secret' || componentOf(object) !== 'mail'),
  )
  for (const pod of relayPods(local)) await untilReady(local, pod, signal)
  if (server.spec.turn.enabled) local.progress('The relay for calls is ready.')
}

/** Tells mail which relays work, and keeps telling it. */
const follow = (local: LocalServer, address: string): void => {
  local.events.on('event', (event) => {
    if (event.kind !== 'state' || !event.pod.startsWith(`${local.server.metadata.name}-turn-`)) return
    const next = endpoints(local, address)
    if (next.length === local.facts.turnEndpoints.length) return
    local.facts.turnEndpoints = next
    void tell(local, 'Mail')
  })
}

/**
 * Resolves once clients can use the server. `address` is what they are told of the relay; after `ended` nothing more is
 * looked at. @throws StartError
 */
export const startServer = async (local: LocalServer, address: string, ended: AbortSignal): Promise<void> => {
  const deadline = AbortSignal.timeout(startDeadlineMs)
  try {
    await Promise.all([startRelays(local, deadline), followNat64(local, () => tell(local, 'The relay'), ended)])
    local.facts.turnEndpoints = endpoints(local, address)
    await applyAll(local)
    follow(local, address)
    await untilReady(local, names.mail(local.server), deadline)
    local.progress('Mail is ready.')
    const told = new IrohTeller(local, () => applyAll(local), ended).look()
    // A relay of somebody else may take its time.
    if (local.server.spec.iroh.mode === 'Managed') await told
    await untilLoaded(local, deadline)
  } catch (error) {
    if (!deadline.aborted) throw error
    const seconds = startDeadlineMs / 1000
    throw new StartError(`the server was not ready within ${seconds} seconds: ${explainAll(local)}`, exitCodes.failed)
  }
}

const explainAll = (local: LocalServer): string =>
  [...relayPods(local), names.mail(local.server)]
    .filter((pod) => !local.runner.isReady(pod))
    .map((pod) => `${pod} ${local.explain(pod) || 'is not ready'}`)
    .join('; ')
