/**
 * The calls of the Kubernetes API that a controller makes, on plain objects: what is not known here passes through as it
 * is, so a server-side apply never gives up a field because this program is older than the cluster.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import type { Access } from './access.ts'
import { apiError, isGone, isNotFound, isUnauthorized } from './errors.ts'
import { inClusterAccess, isInCluster } from './in-cluster.ts'
import { kubeconfigAccess } from './kubeconfig.ts'
import { callMetrics } from './metrics.ts'
import type { KubeObject, ObjectRef, Resource } from './objects.ts'
import { collectionPath, creationPath, discoveryPath, objectPath, withQuery } from './paths.ts'
import { defaultRetries, type RetryPolicy, retryDelay } from './retry.ts'
import { type Answer, type Call, defaultTimeouts, type Timeouts, Transport } from './transport.ts'
import { warningTexts } from './warnings.ts'
import { type WatchEvent, watchEvents, watchSeconds } from './watch.ts'

export type ClientOptions = {
  /** Requests; watches have connections of their own. */
  connections?: number
  metrics?: Registry
  userAgent?: string
  /** Told the text of each `Warning` that the server sends, such as a deprecated API. */
  onWarning?: (text: string) => void
  timeouts?: Partial<Timeouts>
  retries?: RetryPolicy
  random?: () => number
}

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

/** @throws without quoting the text: it may be that of a Secret */
const jsonOf = <T>(text: string): T => {
  try {
    return JSON.parse(text) as T
  } catch {
    throw new TypeError('the API server answered with something that is not JSON')
  }
}

export class KubeClient {
  readonly #transport: Promise<Transport>
  readonly #access: Promise<Access>
  readonly #options: ClientOptions & { random: () => number; retries: RetryPolicy }

  constructor(access: Access | Promise<Access>, options: ClientOptions = {}) {
    this.#options = { ...options, random: options.random ?? Math.random, retries: options.retries ?? defaultRetries }
    this.#access = Promise.resolve(access)
    this.#transport = this.#access.then((known) => this.#connect(known))
    // Told by the first call.
    this.#transport.catch(() => {})
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
      return await this.#json<T>({ method: 'GET', path: objectPath(resource, ref), signal })
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
      timeoutSeconds: watchSeconds(this.#options.random),
    })
    const transport = await this.#transport
    const answer = await this.#accept(await transport.watch({ method: 'GET', path, signal }))
    try {
      onOpen?.()
      yield* watchEvents<T>(answer.body, resource)
    } finally {
      answer.body.on('error', () => {}).destroy()
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
    return this.#json<T>({ method: 'POST', path, body: object, signal })
  }

  /** Replaces the whole object. @throws ApiError (`isConflict`) when `metadata.resourceVersion` is not the newest */
  replace<T extends KubeObject>(resource: Resource, object: KubeObject, signal?: AbortSignal): Promise<T> {
    return this.#json<T>({ method: 'PUT', path: objectPath(resource, refOf(object)), body: object, signal })
  }

  /** JSON merge patch, RFC 7386. */
  mergePatch<T extends KubeObject>(resource: Resource, ref: ObjectRef, patch: object): Promise<T> {
    const contentType = 'application/merge-patch+json'
    return this.#json<T>({ method: 'PATCH', path: objectPath(resource, ref), body: patch, contentType })
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
      await this.#json({ method: 'DELETE', path: objectPath(resource, ref), body })
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  /** The kinds of a group version; empty when it is not served. */
  async kindsOf(groupVersion: string): Promise<ReadonlySet<string>> {
    try {
      const found = await this.#json<{ resources?: { name: string; kind: string }[] }>({
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
  async raw(
    method: Call['method'],
    path: string,
    options: { body?: unknown; contentType?: string; signal?: AbortSignal } = {},
  ): Promise<{ status: number; body: string }> {
    const answer = await (await this.#transport).call({ method, path, ...options })
    return { status: answer.status, body: await answer.body.text() }
  }

  /** Ends all connections; what still waits for an answer fails. */
  async close(): Promise<void> {
    const transport = await this.#transport.catch(() => null)
    await transport?.close()
  }

  #connect(access: Access): Transport {
    const { connections = 8, metrics, userAgent = 'kube-client', timeouts } = this.#options
    return new Transport({
      access,
      connections,
      userAgent,
      timeouts: { ...defaultTimeouts, ...timeouts },
      ...(metrics && { metrics: callMetrics(metrics) }),
    })
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
      const page = await this.#json<ListAnswer<T>>({ method: 'GET', path, signal })
      // A list names its kind once.
      for (const item of page.items ?? []) items.push({ ...item, apiVersion, kind })
      next = page.metadata?.continue
      if (!next) return { items, resourceVersion: page.metadata?.resourceVersion ?? '' }
    }
  }

  #apply<T>(path: string, object: KubeObject, { manager, force, signal }: ApplyOptions): Promise<T> {
    // What an object was read with has no place in an apply: the server refuses managedFields.
    const { managedFields: _managedFields, ...metadata } = object.metadata
    return this.#json<T>({
      method: 'PATCH',
      path: withQuery(path, { fieldManager: manager, force }),
      body: { ...object, metadata },
      contentType: applyPatch,
      signal,
    })
  }

  async #json<T>(call: Call): Promise<T> {
    const transport = await this.#transport
    return this.#attempts(call, async () => {
      const answer = await this.#accept(await transport.call(call))
      return jsonOf<T>(await answer.body.text())
    })
  }

  async #attempts<T>(call: Call, once: () => Promise<T>): Promise<T> {
    const { random, retries } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        return await once()
      } catch (error) {
        const renewed = attempt === 1 && isUnauthorized(error)
        const delay = renewed ? 0 : retryDelay(error, call.method, attempt, random, retries)
        if (delay === null) throw error
        await wait(delay, undefined, call.signal && { signal: call.signal })
      }
    }
  }

  /** @throws ApiError on a status of 400 or above */
  async #accept(answer: Answer): Promise<Answer> {
    for (const text of warningTexts(answer.headers.warning)) this.#options.onWarning?.(text)
    if (answer.status < 400) return answer
    if (answer.status === 401) await (await this.#access).refresh()
    const retryAfter = answer.headers['retry-after']
    throw apiError(answer.status, await answer.body.text(), Array.isArray(retryAfter) ? retryAfter[0] : retryAfter)
  }
}
