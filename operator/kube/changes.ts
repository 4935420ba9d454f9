/** What changed between what is stored and what the API tells. Pure. */
import type { KubeObject } from './objects.ts'
import type { ObjectStore } from './store.ts'

export type Change<T extends KubeObject> = { type: 'added' | 'modified' | 'deleted'; object: T; old?: T }

/** An object that came, or came back: under one name another uid is another object, and the first one is gone. */
export const arrival = <T extends KubeObject>(store: ObjectStore<T>, object: T): Change<T>[] => {
  const old = store.get(object.metadata)
  if (!old) return [{ type: 'added', object }]
  if (old.metadata.uid !== object.metadata.uid)
    return [
      { type: 'deleted', object: old, old },
      { type: 'added', object },
    ]
  return old.metadata.resourceVersion === object.metadata.resourceVersion ? [] : [{ type: 'modified', object, old }]
}

/** An object that the API says is gone, in its last state. */
export const departure = <T extends KubeObject>(store: ObjectStore<T>, object: T): Change<T>[] => {
  const old = store.get(object.metadata)
  return old && old.metadata.uid === object.metadata.uid ? [{ type: 'deleted', object, old }] : []
}

/** From the store to a complete list; what is gone first. */
export const replacement = <T extends KubeObject>(store: ObjectStore<T>, items: readonly T[]): Change<T>[] => {
  const key = ({ metadata: { namespace = '', name } }: T) => `${namespace}/${name}`
  const listed = new Set(items.map(key))
  const gone = store.values().filter((old) => !listed.has(key(old)))
  return [
    ...gone.map((old): Change<T> => ({ type: 'deleted', object: old, old })),
    ...items.flatMap((item) => arrival(store, item)),
  ]
}
