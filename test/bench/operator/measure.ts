/** One run with so many servers. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Status } from '../../../operator/api/status.ts'
import type { KubeObject } from '../../../operator/kube/objects.ts'
import { Reflector } from '../../../operator/kube/reflector.ts'
import { childResources, resourceOf, serverResource } from '../../../operator/reconcile/resources.ts'
import { eventually } from '../../support/eventually.ts'
import { percentile } from '../percentile.ts'
import { RunningOperator } from './running.ts'
import { type Site, startSite } from './site.ts'

/** Milliseconds and KiB. */
export type Figures = {
  servers: number
  objects: number
  readyMs: number
  rawMs: number
  writes: number
  reads: number
  editMs: { p50: number; p99: number }
  restKiB: number
  peakKiB: number
  restartMs: number
  restartWrites: number
}

type Served = KubeObject & { status?: Status }

/** As many as the pool has connections. */
const parallel = 8
const patienceMs = 1_200_000
const edits = 200
const quietMs = 3000

const inParallel = async <T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> => {
  const rest = [...items]
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: parallel }, worker))
}

const follow = async (site: Site, of: typeof serverResource, namespace: string): Promise<Reflector<KubeObject>> => {
  const reflector = new Reflector({ client: site.bed.client, resource: of, namespace })
  reflector.start()
  await reflector.synced
  return reflector
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

const name = (index: number): string => `server-${index}`

const apply = ({ bed, managementPort }: Site, index: number, comment = 'as it was'): Promise<KubeObject> =>
  bed.apply(name(index), {
    domain: `${name(index)}.example.org`,
    exposure: { type: 'ClusterIP' },
    turn: { publicAddress: { proof: 'Skip' } },
    iroh: { mode: 'Disabled' },
    mail: { comment },
    monitoring: { ports: { mail: managementPort, turn: managementPort } },
  })

const isTrue = ({ status }: Served, wanted: string): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === wanted && is === 'True') ?? false

/** Ready, and nothing is under way any more. */
const isSettled = (server: Served): boolean =>
  isTrue(server, 'Ready') &&
  !isTrue(server, 'Reconciling') &&
  server.status?.observedGeneration === server.metadata.generation

const allReady = (servers: Reflector<KubeObject>, count: number): Promise<void> =>
  eventually(() => {
    const ready = servers.list().filter((server) => isSettled(server as Served)).length
    if (ready < count) throw new Error(`${ready} of ${count} are ready`)
  }, patienceMs)

/** Times from an edit until the status is of it. */
const editTimes = async (site: Site, servers: Reflector<KubeObject>, count: number): Promise<number[]> => {
  const times: number[] = []
  for (let edit = 0; edit < edits; edit++) {
    const index = edit % count
    times.push(
      await timed(async () => {
        const { metadata } = await apply(site, index, `edit ${edit}`)
        const ref = { namespace: 'default', name: name(index) }
        await eventually(() => {
          const { status } = servers.get(ref) as Served
          if (status?.observedGeneration !== metadata.generation) throw new Error(`${name(index)} is not looked at`)
        }, patienceMs)
      }),
    )
  }
  return times
}

/** Fields that the API server gives out, and owners, which are of another namespace. */
const given = new Set(['clusterIP', 'clusterIPs', 'nodePort', 'healthCheckNodePort', 'volumeName'])

const rawForm = ({ apiVersion, kind, metadata, ...rest }: KubeObject): KubeObject => {
  const { name, labels, annotations } = metadata
  const { status: _status, ...body } = JSON.parse(
    JSON.stringify(rest, (key, value) => (given.has(key) ? undefined : value)),
  )
  return {
    apiVersion,
    kind,
    metadata: { namespace: 'raw', name, ...(labels && { labels }), ...(annotations && { annotations }) },
    ...body,
  }
}

const children = async ({ bed }: Site): Promise<KubeObject[]> =>
  (
    await Promise.all(
      childResources.map((of) =>
        bed.client.list(of, { namespace: 'default', labelSelector: 'app.kubernetes.io/managed-by=chatmail-operator' }),
      ),
    )
  ).flatMap(({ items }) => items)

const rawTime = async (site: Site, objects: readonly KubeObject[], count: number): Promise<number> => {
  await site.bed.api.kubectl(['create', 'namespace', 'raw'])
  const workloads = await follow(site, resourceOf({ kind: 'StatefulSet' }), 'raw')
  const time = await timed(async () => {
    await inParallel(objects, (object) =>
      site.bed.client.apply(resourceOf(object), rawForm(object), { manager: 'raw', force: true }),
    )
    await eventually(() => {
      const ready = workloads.list().filter(({ status }) => (status as { readyReplicas?: number })?.readyReplicas === 1)
      if (ready.length < count) throw new Error(`${ready.length} of ${count} pods are ready`)
    }, patienceMs)
  })
  await workloads.stop()
  return time
}

/** Resolves when nothing was written for a while: pods of the last edits have come and were told of. */
const quiet = async (operator: RunningOperator): Promise<void> => {
  for (let before = -1, { writes } = await operator.counts(); writes !== before; { writes } = await operator.counts()) {
    before = writes
    await wait(quietMs)
  }
}

/** A new process that looks at every server once. */
const restart = async (site: Site, entry: string, count: number) => {
  let operator: RunningOperator | undefined
  const restartMs = await timed(async () => {
    operator = await RunningOperator.start(site.bed.api.kubeconfig, entry)
    await eventually(async () => {
      const { passes } = await operator!.counts()
      if (passes < count) throw new Error(`${passes} of ${count} passes`)
    }, patienceMs)
  })
  const { writes } = await operator!.counts()
  const { nowKiB, peakKiB } = operator!.memory()
  await operator!.stop()
  return { restartMs, restartWrites: writes, restKiB: nowKiB, peakKiB }
}

/** @param entry the operator's program; `say` tells how far it is */
export const measure = async (count: number, entry: string, say: (text: string) => void): Promise<Figures> => {
  const site = await startSite()
  try {
    const operator = await RunningOperator.start(site.bed.api.kubeconfig, entry)
    const servers = await follow(site, serverResource, 'default')
    say('applying')
    const indexes = Array.from({ length: count }, (_, index) => index)
    const readyMs = await timed(async () => {
      await inParallel(indexes, (index) => apply(site, index))
      await allReady(servers, count)
    })
    const { writes, reads } = await operator.counts()
    say(`ready after ${Math.round(readyMs)} ms, ${writes} writes; editing`)
    const times = await editTimes(site, servers, count)
    await allReady(servers, count)
    await quiet(operator)
    const memory = operator.memory()
    await operator.stop()
    await servers.stop()
    say(`${memory.nowKiB} KiB now, ${memory.peakKiB} KiB at most; starting again`)
    const again = await restart(site, entry, count)
    say(`${again.restartWrites} writes; the same objects raw`)
    const objects = await children(site)
    const rawMs = await rawTime(site, objects, count)
    return {
      ...{ servers: count, objects: objects.length, readyMs, rawMs, writes, reads },
      editMs: { p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
      ...again,
      restKiB: memory.nowKiB,
      peakKiB: Math.max(memory.peakKiB, again.peakKiB),
    }
  } finally {
    await site.stop()
  }
}
