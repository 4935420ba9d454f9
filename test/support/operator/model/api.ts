/**
 * The API server in memory, as far as a pass uses it: server-side apply of one manager, optimistic locking, deletion. A write
 * can be made to fail, as when the operator is ended between two of them.
 */
import type { KubeClient } from '../../../../operator/kube/client.ts'
import { ApiError } from '../../../../operator/kube/errors.ts'
import type { KubeObject, ObjectRef, Resource } from '../../../../operator/kube/objects.ts'
import { idOf } from '../../../../operator/reconcile/resources.ts'

/** What was there before and what is there now; null for nothing. */
export type Write = { before: KubeObject | null; after: KubeObject | null }

const conflict = (): ApiError => new ApiError(409, { reason: 'Conflict', message: 'the object has been modified' })

export class ModelApi {
  readonly objects = new Map<string, KubeObject>()
  /** Told of what the operator writes, before it is in force. */
  onWrite: (write: Write) => void = () => {}
  /** Writes of the operator so far. */
  writes = 0
  /** The write at which the operator is cut off; null: none. */
  cutAt: number | null = null
  /** The real one's first object has the version 2. */
  #version = 1

  /** What the operator sees as its client. */
  get client(): KubeClient {
    return this as unknown as KubeClient
  }

  put(object: KubeObject): KubeObject {
    const before = this.objects.get(idOf(object))
    const version = String(++this.#version)
    const changed = before && JSON.stringify(before.spec) !== JSON.stringify(object.spec)
    const metadata = {
      ...object.metadata,
      uid: before?.metadata.uid ?? `uid-${version}`,
      generation: (before?.metadata.generation ?? 1) + (changed ? 1 : 0),
      resourceVersion: version,
    }
    const stored = structuredClone({ ...object, metadata, ...(before?.status ? { status: before.status } : {}) })
    this.objects.set(idOf(stored), stored)
    return stored
  }

  /** Changes the status of an object that exists. */
  putStatus(id: string, status: object): void {
    const object = this.objects.get(id)!
    if (JSON.stringify(object.status) === JSON.stringify(status)) return
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) }
    this.objects.set(id, structuredClone({ ...object, metadata, status }))
  }

  async get(resource: Resource, { name }: ObjectRef): Promise<KubeObject | null> {
    return structuredClone(this.objects.get(`${resource.kind}/${name}`) ?? null)
  }

  async apply(_resource: Resource, object: KubeObject): Promise<KubeObject> {
    const before = this.objects.get(idOf(object)) ?? null
    const { resourceVersion } = object.metadata
    // Where there is nothing yet, the version is not looked at, as with the real one.
    if (before && resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) throw conflict()
    this.#write({ before, after: object })
    return structuredClone(this.put(object))
  }

  async applyStatus(_resource: Resource, object: KubeObject): Promise<KubeObject> {
    this.#write({ before: null, after: null })
    this.putStatus(idOf(object), object.status as object)
    return structuredClone(this.objects.get(idOf(object))!)
  }

  async delete({ kind }: Resource, { name }: ObjectRef): Promise<boolean> {
    const before = this.objects.get(`${kind}/${name}`) ?? null
    this.#write({ before, after: null })
    return this.objects.delete(`${kind}/${name}`)
  }

  /** Marks of pods, which nothing in the model waits for. */
  async mergePatch(): Promise<void> {}

  #write(write: Write): void {
    if (this.cutAt !== null && this.writes >= this.cutAt) throw new Error('cut off')
    this.onWrite(write)
    this.writes++
  }
}
