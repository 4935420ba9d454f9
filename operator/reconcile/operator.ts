/** The operator as a process: copies, leader, controller, health, and which change concerns which server. */
import type { Registry } from 'prom-client'
import type { KubeClient } from '../kube/client.ts'
import { isConflict } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import { Controller, type Result } from '../runtime/controller.ts'
import { EventRecorder } from '../runtime/events.ts'
import { HealthServer } from '../runtime/health.ts'
import { LeaderElection, type LeaseTimes } from '../runtime/leader.ts'
import type { Log } from '../runtime/log.ts'
import { Caches } from './caches.ts'
import { clusterRanges } from './cluster-ranges.ts'
import { Lookups, type Resolve } from './lookups.ts'
import { type Pace, usualPace } from './pace.ts'
import { type IrohTarget, irohProof, Proofs, type ProveIroh, type ProveRelay, turnProof } from './proofs.ts'
import { type Operator, reconcile } from './reconcile.ts'
import { certificateResource, monitoringApi, namespaceResource } from './resources.ts'
import type { ReadState } from './states.ts'
import { type Node, ownerKeyOf } from './view.ts'

export const controllerName = 'chatmail.dev/operator'
const leaseName = 'chatmail-operator'

export type OperatorOptions = {
  client: KubeClient
  /** Namespaces to look after; empty: all. */
  namespaces: readonly string[]
  /** Image of workloads. */
  image: string
  /** Of health and metrics; 0 picks a free one. */
  port: number
  /** Where the Lease is; null: no election, as for a single process on a developer's machine. */
  leaderNamespace: string | null
  /** This process, unique. */
  identity: string
  log: Log
  metrics: Registry
  prove: ProveRelay
  proveIroh: ProveIroh
  readState: ReadState
  resolve: Resolve
  random: (bytes: number) => Buffer
  /** Unix milliseconds. */
  now: () => number
  workers?: number
  pace?: Pace
  /** Of the leader's Lease. */
  leaseTimes?: LeaseTimes
}

export type RunningOperator = {
  port: number
  /** Resolves when it has ended: lost the lead, or was stopped. */
  ended: Promise<'lost' | 'released'>
  stop: () => Promise<void>
}

/**
 * The way to the Iroh relay leads through mail, which is away for some seconds when its pod is replaced. Who asks just then
 * would have real-time apps without a relay until the next start of the app.
 */
const irohFailures = 15

/** Several changes of one server's objects come together. */
const gatherMs = 50
const namespaceMs = 5000
const conflictMs = 200
const stopGraceMs = 10_000

const keyOf = ({ metadata: { namespace, name } }: KubeObject): string => `${namespace}/${name}`

/** What of a server the operator acts on; a change of the status alone is its own doing. */
const inputOf = ({ metadata, spec }: KubeObject): string =>
  JSON.stringify([
    metadata.generation,
    metadata.annotations,
    metadata.labels,
    metadata.deletionTimestamp,
    spec === undefined,
  ])

/** What of a node matters; its heartbeats do not. */
const nodeInput = ({ metadata, spec, status }: Node): string =>
  JSON.stringify([
    metadata.labels,
    metadata.annotations,
    spec,
    status?.addresses,
    status?.conditions?.filter(({ type }) => type === 'Ready').map(({ status }) => status),
  ])

const soonest = (times: readonly (number | null)[]): number => Math.min(...times.filter((time) => time !== null))

type Passed = Awaited<ReturnType<typeof reconcile>>

/** When to look again for what others have to bring. */
const attentionMs = ({ problem, observed }: Passed, { problemMs, certificateMs }: Pace): number | null => {
  if (observed && observed.verdicts.CertificateReady?.status !== 'True') return certificateMs
  return problem && problemMs
}

const resultOf = (passed: Passed, pace: Pace, doubtMs: number | null): Result => {
  const { outcome, wakeMs } = passed
  const resync = pace.resyncMs * (0.9 + Math.random() * 0.2)
  // Somebody was quicker; what they did is about to be seen.
  if (outcome.kind === 'retry' && isConflict(outcome.error)) return { kind: 'wait', ms: conflictMs }
  if (outcome.kind === 'retry') return { kind: 'retry', error: outcome.error }
  if (outcome.kind === 'stall') return { kind: 'wait', ms: pace.problemMs }
  if (outcome.kind === 'paused') return { kind: 'done' }
  const poll = outcome.kind === 'wait' ? outcome.ms : null
  return { kind: 'wait', ms: soonest([wakeMs, poll, attentionMs(passed, pace), doubtMs, resync]) }
}

/** One answer for all passes of a minute; an add-on is not installed every second. */
const servedKinds = (client: KubeClient, api: string, now: () => number): (() => Promise<ReadonlySet<string>>) => {
  let asked = Number.NEGATIVE_INFINITY
  let answer: Promise<ReadonlySet<string>> = Promise.resolve(new Set())
  return () => {
    if (asked > now() - 60_000) return answer
    asked = now()
    answer = client.kindsOf(api)
    answer.catch(() => {
      asked = Number.NEGATIVE_INFINITY
    })
    return answer
  }
}

/** A namespace as it was some seconds ago: only its labels matter, and what they forbid is looked at again anyway. */
const namespaces = (client: KubeClient, now: () => number) => {
  const known = new Map<string, { at: number; answer: Promise<KubeObject | null> }>()
  return (name: string): Promise<KubeObject | null> => {
    const last = known.get(name)
    if (last && last.at > now() - namespaceMs) return last.answer
    const answer = client.get(namespaceResource, { name })
    known.set(name, { at: now(), answer })
    answer.catch(() => known.delete(name))
    return answer
  }
}

const connectChanges = (caches: Caches, controller: Controller): void => {
  const everybody = (): void => {
    for (const server of caches.servers()) controller.enqueue(keyOf(server))
  }
  caches.onChange({
    server: (object, old) => {
      if (!old || inputOf(old) !== inputOf(object)) controller.enqueue(keyOf(object))
      // A domain may have become free.
      if (object.metadata.deletionTimestamp || (old && !caches.server(object.metadata as never))) everybody()
    },
    child: (object) => controller.enqueueAfter(ownerKeyOf(object), gatherMs),
    node: (object, old) => {
      if (!old || nodeInput(old as Node) !== nodeInput(object as Node)) everybody()
    },
  })
}

export const startOperator = async (options: OperatorOptions): Promise<RunningOperator> => {
  const { client, log, metrics, now, pace = usualPace } = options
  const caches = new Caches({
    client,
    namespaces: options.namespaces,
    onProblem: (error) => log.warn({ reason: error.message }, 'a watch is being mended'),
  })
  const events = new EventRecorder({ client, controller: controllerName, instance: options.identity, log, metrics })
  const controller: Controller = new Controller({
    name: 'chatmailserver',
    workers: options.workers ?? 8,
    metrics,
    log,
    reconcile: async (key) => {
      const [namespace, name] = key.split('/') as [string, string]
      const object = caches.server({ namespace, name })
      if (!object || object.metadata.deletionTimestamp) {
        proofs.keepOnly(key, new Set())
        irohProofs.keepOnly(key, new Set())
        return { kind: 'done' }
      }
      const passed = await reconcile(operator, object)
      return resultOf(passed, pace, caches.doubtMs({ namespace, name }))
    },
  })
  const changed = (owner: string): void => controller.enqueue(owner)
  const proofs = new Proofs({ prove: turnProof(options.prove, now), pace: pace.proofs, changed })
  const irohProofs = new Proofs<IrohTarget>({
    prove: irohProof(options.proveIroh),
    pace: pace.proofs,
    changed,
    failuresToGiveUp: irohFailures,
  })
  const certManagerKinds = servedKinds(client, certificateResource.apiVersion, now)
  const operator: Operator = {
    client,
    caches,
    readState: options.readState,
    ranges: clusterRanges(client, options.resolve, now),
    certManager: async () => (await certManagerKinds()).has(certificateResource.kind),
    namespace: namespaces(client, now),
    monitoringKinds: servedKinds(client, monitoringApi, now),
    now,
    image: options.image,
    random: options.random,
    proofs,
    irohProofs,
    lookups: new Lookups(options.resolve, now),
    failures: new Map(),
    record: (regarding, type, reason, note) => events.record(regarding, type, reason, note),
  }
  connectChanges(caches, controller)
  let synced = false
  const health = await HealthServer.listen({
    port: options.port,
    metrics,
    readyz: { caches: () => (synced ? null : 'not read yet') },
  })
  const lead = async (): Promise<void> => {
    controller.start()
  }
  await caches.start()
  synced = true
  const election = options.leaderNamespace
    ? new LeaderElection({
        client,
        namespace: options.leaderNamespace,
        name: leaseName,
        identity: options.identity,
        log,
        metrics,
        ...(options.leaseTimes ? { times: options.leaseTimes } : {}),
      })
    : null
  const standalone = Promise.withResolvers<'released'>()
  const ended = election ? election.run(lead) : lead().then(() => standalone.promise)
  return {
    port: health.port,
    ended,
    stop: async () => {
      await controller.stop(stopGraceMs)
      proofs.stop()
      irohProofs.stop()
      await events.stop()
      election?.stop()
      standalone.resolve('released')
      await caches.stop()
      await health.close()
    },
  }
}
