/** The operator over a cluster in memory: its copies lag until `watch`, and its proofs are made when `prove` is called. */
import type { KubeObject } from '../../../../operator/kube/objects.ts'
import type { Caches } from '../../../../operator/reconcile/caches.ts'
import { Lookups } from '../../../../operator/reconcile/lookups.ts'
import type { IrohTarget, Proofs, Proven, Target } from '../../../../operator/reconcile/proofs.ts'
import { type Operator, reconcile } from '../../../../operator/reconcile/reconcile.ts'
import { childResources } from '../../../../operator/reconcile/resources.ts'
import { instanceLabel, type Node, type Pod } from '../../../../operator/reconcile/view.ts'
import { WrittenObjects } from '../../../../operator/reconcile/written.ts'
import type { ModelCluster } from './cluster.ts'

type Seen = { children: KubeObject[]; nodes: Node[]; pods: Pod[] }

const childKinds = new Set(childResources.map(({ kind }) => kind))

export class ModelOperator {
  readonly #cluster: ModelCluster
  readonly #proven = new Map<string, { target: Target; proven: Proven }>()
  #written: WrittenObjects
  #seen: Seen = { children: [], nodes: [], pods: [] }
  #operator: Operator

  constructor(cluster: ModelCluster) {
    this.#cluster = cluster
    this.#written = new WrittenObjects(() => cluster.now)
    this.#operator = this.#build()
    this.watch()
  }

  /** Copies become what there is. */
  watch(): void {
    const { api } = this.#cluster
    const children = [...api.objects.values()].filter(
      ({ kind, metadata }) => childKinds.has(kind) && metadata.labels?.[instanceLabel] === 'chat',
    )
    this.#seen = structuredClone({ children, nodes: this.#cluster.nodeObjects(), pods: this.#cluster.podObjects() })
  }

  /** Every proof that is due. */
  prove(): void {
    for (const entry of this.#proven.values()) {
      const { host, port, secret } = entry.target
      entry.proven = this.#cluster.serves(host, port, secret)
        ? { state: 'works' }
        : { state: 'fails', message: 'allocate: no answer' }
    }
  }

  /** A new process knows only what is written down. */
  restart(): void {
    this.#proven.clear()
    this.#written = new WrittenObjects(() => this.#cluster.now)
    this.#operator = this.#build()
    this.watch()
  }

  /** One pass; what has happened to pods before it is seen after it at the latest. */
  async pass(): Promise<Awaited<ReturnType<typeof reconcile>>> {
    const done = await reconcile(this.#operator, structuredClone(this.#cluster.api.objects.get('ChatmailServer/chat')!))
    this.#seen = { ...this.#seen, pods: structuredClone(this.#cluster.podObjects()) }
    return done
  }

  /** A pass of which all writes from that one on fail. */
  async cutPass(writes: number): Promise<void> {
    const { api } = this.#cluster
    api.cutAt = api.writes + writes
    await this.pass().catch(() => {})
    api.cutAt = null
  }

  #of(_owner: string, id: string, target: Target, told: boolean): Proven {
    const entry = this.#proven.get(id) ?? {
      target,
      proven: told ? ({ state: 'works' } as const) : ({ state: 'untried' } as const),
    }
    entry.target = target
    this.#proven.set(id, entry)
    return entry.proven
  }

  #build(): Operator {
    const cluster = this.#cluster
    const { api } = cluster
    let random = 0
    const caches = {
      pods: () => this.#seen.pods,
      children: (namespace: string, instance: string) => this.#written.over(this.#seen.children, namespace, instance),
      nodes: () => this.#seen.nodes,
      servers: () => [api.objects.get('ChatmailServer/chat')!],
      wrote: (object: KubeObject) => this.#written.note(object),
    }
    const proofs = {
      of: (owner: string, id: string, target: Target, told: boolean) => this.#of(owner, id, target, told),
      keepOnly: (_owner: string, ids: ReadonlySet<string>) => {
        for (const id of this.#proven.keys()) if (!ids.has(id)) this.#proven.delete(id)
      },
    }
    return {
      client: api.client,
      caches: caches as unknown as Caches,
      readState: cluster.readState,
      ranges: async () => ({ services: [], apiServers: [], nat64: [] }),
      certManager: async () => false,
      namespace: async () => null,
      monitoringKinds: async () => new Set(),
      now: () => cluster.now,
      image: 'registry.example.org/chatmail:1',
      random: (bytes) => Buffer.alloc(bytes, `${cluster.now}-${random++}-${api.writes}`),
      proofs: proofs as unknown as Proofs,
      irohProofs: { of: () => ({ state: 'works' }), keepOnly: () => {} } as unknown as Proofs<IrohTarget>,
      lookups: new Lookups(
        async () => [],
        () => cluster.now,
      ),
      record: () => {},
      failures: new Map(),
    }
  }
}
