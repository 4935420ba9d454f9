/**
 * The calls of the Kubernetes API that a controller makes, on plain objects: what is not known here passes through as it
 * is, so a server-side apply never gives up a field because this program is older than the cluster.
 */
import type { Access } from './access.ts'
import { isGone, isNotFound } from './errors.ts'
import { inClusterAccess, isInCluster } from './in-cluster.ts'
import { kubeconfigAccess } from './kubeconfig.ts'
import type { KubeObject, ObjectRef, Resource } from './objects.ts'
import { collectionPath, creationPath, discoveryPath, objectPath, withQuery } from './paths.ts'
import { type RequestOptions, Requests } from './requests.ts'
import type { Call } from './transport.ts'
import { type WatchEvent, watchEvents, watchSeconds } from './watch.ts'

export type ClientOptions = RequestOptions

export type ConfigOptions = ClientOptions & { kubeconfig?: string; env?: Record<string, string | undefined> }

export type ListOptions = {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  pageSize?: number
  signal?: AbortSignal
}

export type WatchOptions = Omit<ListOptions, 'pageSize'> & {
  resourceVersion: string
  /** Called when the server has taken the watch. */
  onOpen?: () => void
}

export type ApplyOptions = { manager: string; force: boolean; signal?: AbortSignal }

export type DeleteOptions = {
  uid?: string
  propagation?: 'Background' | 'Foreground' | 'Orphan'
  graceSeconds?: number
}

type ListAnswer<T> = { metadata?: { resourceVersion?: string; continue?: string }; items?: T[] | null }

const applyPatch = 'application/apply-patch+yaml'

const refOf = ({ metadata: { namespace, name } }: KubeObject): ObjectRef =>
  namespace === undefined ? { name } : { namespace, name }

export class KubeClient {
  readonly #requests: Requests
  readonly #random: () => number

  constructor(access: Access | Promise<Access>, options: ClientOptions = {}) {
    this.#requests = new Requests(access, options)
    this.#random = options.random ?? Math.random
  }

  /**
   * By the kubeconfig that is named, else the one in `KUBECONFIG`, else the pod's service account, else `~/.kube/config`.
   * A kubeconfig that cannot be read is told by the first call.
   */
  static fromConfig(options: ConfigOptions = {}): KubeClient {
    const { kubeconfig, env = process.env } = options
    const inside = kubeconfig === undefined && !env.KUBECONFIG && isInCluster({ env })
    return new KubeClient(inside ? inClusterAccess({ env }) : kubeconfigAccess(kubeconfig), options)
  }

  /** Null when there is none. */
  async get<T extends KubeObject>(resource: Resource, ref: ObjectRef, signal?: AbortSignal): Promise<T | null> {
    try {
      return await this.#requests.json<T>({ method: 'GET', path: objectPath(resource, ref), signal })
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  /** All objects as they were at one moment, read in pages. */
  async list<T extends KubeObject>(
    resource: Resource,
    options: ListOptions = {},
  ): Promise<{ items: T[]; resourceVersion: string }> {
    const pageSize = options.pageSize ?? 500
    try {
      return await this.#pages<T>(resource, options, pageSize)
    } catch (error) {
      // The snapshot that the pages are cut from was compacted away: only one large answer is left.
      if (!isGone(error)) throw error
      return this.#pages<T>(resource, options, undefined)
    }
  }

  /**
   * Changes since a resource version, bookmarks too. Ends when the server ends it, as it is asked to after four to five
   * minutes. Makes no attempt twice: that is for the reflector to decide.
   * @throws ApiError (`isGone`: the version is too old), WatchFormatError, or what broke the connection
   */
  async *watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { namespace, signal, onOpen, ...query } = options
    const path = withQuery(collectionPath(resource, namespace), {
      ...query,
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds: watchSeconds(this.#random),
    })
    const body = await this.#requests.stream({ method: 'GET', path, signal })
    try {
      onOpen?.()
      yield* watchEvents<T>(body, resource)
    } finally {
      body.on('error', () => {}).destroy()
    }
  }

  /** Server-side apply: the fields in `object` are `manager`'s from now on, and those it no longer names go. */
  apply<T extends KubeObject>(resource: Resource, object: KubeObject, options: ApplyOptions): Promise<T> {
    return this.#apply<T>(objectPath(resource, refOf(object)), object, options)
  }

  /** Server-side apply of the status subresource; all but `status` and the identity is ignored by the server. */
  applyStatus<T extends KubeObject>(resource: Resource, object: KubeObject, options: ApplyOptions): Promise<T> {
    return this.#apply<T>(`${objectPath(resource, refOf(object))}/status`, object, options)
  }

  /** @throws ApiError (`isAlreadyExists`) */
  create<T extends KubeObject>(resource: Resource, object: KubeObject, signal?: AbortSignal): Promise<T> {
    const path = creationPath(resource, object.metadata.namespace)
    return this.#requests.json<T>({ method: 'POST', path, body: object, signal })
  }

  /** Replaces the whole object. @throws ApiError (`isConflict`) when `metadata.resourceVersion` is not the newest */
  replace<T extends KubeObject>(resource: Resource, object: KubeObject, signal?: AbortSignal): Promise<T> {
    return this.#requests.json<T>({ method: 'PUT', path: objectPath(resource, refOf(object)), body: object, signal })
  }

  /** JSON merge patch, RFC 7386. */
  mergePatch<T extends KubeObject>(resource: Resource, ref: ObjectRef, patch: object): Promise<T> {
    const contentType = 'application/merge-patch+json'
    return this.#requests.json<T>({ method: 'PATCH', path: objectPath(resource, ref), body: patch, contentType })
  }

  /** False when it was gone. With `uid`, only that very object. @throws ApiError (`isConflict`) when another has its name */
  async delete(resource: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<boolean> {
    const { uid, propagation = 'Background', graceSeconds } = options
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: propagation,
      ...(uid !== undefined && { preconditions: { uid } }),
      ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
    }
    try {
      await this.#requests.json({ method: 'DELETE', path: objectPath(resource, ref), body })
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  /** The kinds of a group version; empty when it is not served. */
  async kindsOf(groupVersion: string): Promise<ReadonlySet<string>> {
    try {
      const found = await this.#requests.json<{ resources?: { name: string; kind: string }[] }>({
        method: 'GET',
        path: discoveryPath(groupVersion),
      })
      return new Set((found.resources ?? []).filter(({ name }) => !name.includes('/')).map(({ kind }) => kind))
    } catch (error) {
      if (isNotFound(error)) return new Set()
      throw error
    }
  }

  /** Any path, such as `/version` or `/readyz`; an answer of any status is returned, and nothing is tried twice. */
  raw(
    method: Call['method'],
    path: string,
    options: { body?: unknown; contentType?: string; signal?: AbortSignal } = {},
  ): Promise<{ status: number; body: string }> {
    return this.#requests.raw({ method, path, ...options })
  }

  /** Ends all connections; what still waits for an answer fails. */
  close(): Promise<void> {
    return this.#requests.close()
  }

  async #pages<T extends KubeObject>(
    resource: Resource,
    { namespace, pageSize: _pageSize, signal, ...query }: ListOptions,
    limit: number | undefined,
  ): Promise<{ items: T[]; resourceVersion: string }> {
    const { apiVersion, kind } = resource
    const items: T[] = []
    for (let next: string | undefined; ; ) {
      const path = withQuery(collectionPath(resource, namespace), { ...query, limit, continue: next })
      const page = await this.#requests.json<ListAnswer<T>>({ method: 'GET', path, signal })
      // A list names its kind once.
      for (const item of page.items ?? []) items.push({ ...item, apiVersion, kind })
      next = page.metadata?.continue
      if (!next) return { items, resourceVersion: page.metadata?.resourceVersion ?? '' }
    }
  }

  #apply<T>(path: string, object: KubeObject, { manager, force, signal }: ApplyOptions): Promise<T> {
    // What an object was read with has no place in an apply: the server refuses managedFields.
    const { managedFields: _managedFields, ...metadata } = object.metadata
    return this.#requests.json<T>({
      method: 'PATCH',
      path: withQuery(path, { fieldManager: manager, force }),
      body: { ...object, metadata },
      contentType: applyPatch,
      signal,
    })
  }
}
