/** Copies of what is watched, by the ways in which a pass asks for them. */
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject, ObjectRef, Resource } from '../kube/objects.ts'
import { Reflector, type ReflectorOptions } from '../kube/reflector.ts'
import { childResources, nodeResource, podResource, serverResource } from './resources.ts'
import { instanceLabel, managedSelector, type Node, type Pod } from './view.ts'
import { WrittenObjects } from './written.ts'

export type CachesOptions = {
  client: KubeClient
  /** Namespaces to look at; empty: all. */
  namespaces: readonly string[]
  onProblem: (error: Error) => void
}

type Watched = { resource: Resource; reflectors: Reflector<KubeObject>[] }

/** Of pods and nodes only what is looked at is kept; a large cluster has many nodes and each a long status. */
const slimPod = ({ apiVersion, kind, metadata, ...rest }: KubeObject): KubeObject => {
  const { spec, status } = rest as Pick<Pod, 'spec' | 'status'>
  const { phase, podIP, conditions, containerStatuses } = status ?? {}
  const kept = { phase, podIP, conditions, containerStatuses }
  return { apiVersion, kind, metadata, spec: { nodeName: spec.nodeName }, status: kept }
}

const slimNode = (node: KubeObject): KubeObject => {
  const { status, ...rest } = node as Node
  return { ...rest, status: { addresses: status?.addresses, conditions: status?.conditions } } as KubeObject
}

/** There are more than a dozen of them for each server, of which a pass reads those of one. */
const ours = { labelSelector: managedSelector, indexedLabels: [instanceLabel], form: 'text' } as const

/** Of others the API server itself is asked in every pass, and no watch would ever tell that they are gone. */
const watchedKinds = new Set([serverResource, ...childResources].map(({ kind }) => kind))

export class Caches {
  readonly #servers: Watched
  readonly #pods: Watched
  readonly #children: Watched[]
  readonly #nodes: Watched
  readonly #written = new WrittenObjects(() => performance.now())

  constructor({ client, namespaces, onProblem }: CachesOptions) {
    const scopes = namespaces.length ? namespaces.map((namespace) => ({ namespace })) : [{}]
    const watch = (resource: Resource, more: Partial<ReflectorOptions<KubeObject>> = {}): Watched => ({
      resource,
      reflectors: scopes.map((scope) => new Reflector({ client, resource, ...scope, ...more, onProblem })),
    })
    this.#servers = watch(serverResource)
    this.#pods = watch(podResource, { ...ours, transform: slimPod })
    this.#children = childResources.map((resource) => watch(resource, ours))
    for (const each of this.#children.flatMap(({ reflectors }) => reflectors))
      each.onChange(({ type, object }) => {
        if (type === 'deleted') this.#written.gone(object)
      })
    this.#nodes = {
      resource: nodeResource,
      reflectors: [new Reflector({ client, resource: nodeResource, onProblem, transform: slimNode })],
    }
  }

  get #all(): Reflector<KubeObject>[] {
    return [this.#servers, this.#pods, this.#nodes, ...this.#children].flatMap(({ reflectors }) => reflectors)
  }

  /** Calls back on every change of a server, of what belongs to one, and of a node. */
  onChange(listeners: {
    server: (object: KubeObject, old?: KubeObject) => void
    child: (object: KubeObject) => void
    node: (object: KubeObject, old?: KubeObject) => void
  }): void {
    for (const each of this.#servers.reflectors)
      each.onChange((change) => listeners.server(change.object, 'old' in change ? change.old : undefined))
    for (const { reflectors } of [this.#pods, ...this.#children])
      for (const each of reflectors) each.onChange(({ object }) => listeners.child(object))
    // A node that is gone looks as it did before: its end is news all the same.
    for (const each of this.#nodes.reflectors)
      each.onChange(({ type, object, old }) => listeners.node(object, type === 'deleted' ? undefined : old))
  }

  /** Resolves when every copy is complete. */
  async start(): Promise<void> {
    for (const reflector of this.#all) reflector.start()
    await Promise.all(this.#all.map(({ synced }) => synced))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((reflector) => reflector.stop()))
  }

  server(ref: ObjectRef): KubeObject | undefined {
    const seen = this.#servers.reflectors.map((reflector) => reflector.get(ref)).find((found) => found !== undefined)
    return seen && this.#written.newest(seen)
  }

  servers(): KubeObject[] {
    return this.#servers.reflectors.flatMap((reflector) => reflector.list())
  }

  nodes(): Node[] {
    return this.#nodes.reflectors.flatMap((reflector) => reflector.list()) as Node[]
  }

  pods(namespace: string, instance: string): Pod[] {
    return this.#of(this.#pods, namespace, instance) as Pod[]
  }

  children(namespace: string, instance: string): KubeObject[] {
    const seen = this.#children.flatMap((watched) => this.#of(watched, namespace, instance))
    return this.#written.over(seen, namespace, instance)
  }

  /** Tells of an object that was just written, which the API server tells of only a moment later. */
  wrote(object: KubeObject): void {
    if (watchedKinds.has(object.kind)) this.#written.note(object)
  }

  /** When to look again though nothing is told: see `WrittenObjects.doubtMs`. */
  doubtMs({ namespace, name }: ObjectRef): number | null {
    return this.#written.doubtMs(namespace!, name)
  }

  #of({ reflectors }: Watched, namespace: string, instance: string): KubeObject[] {
    return reflectors.flatMap((reflector) => reflector.list({ namespace, labels: { [instanceLabel]: instance } }))
  }
}
