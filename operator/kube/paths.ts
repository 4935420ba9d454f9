/** The paths and parameters of the Kubernetes API: `/api/v1/…` for the core group, `/apis/GROUP/VERSION/…` for all others. */
import type { ObjectRef, Resource } from './objects.ts'

type Parameters = Record<string, string | number | boolean | undefined>

const root = (apiVersion: string): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`)

/** Where the discovery document of a group version is. */
export const discoveryPath = (apiVersion: string): string => root(apiVersion)

/** The path of a kind's objects; without a namespace those of all namespaces. */
export const collectionPath = (resource: Resource, namespace?: string): string => {
  const inside = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${root(resource.apiVersion)}${inside}/${resource.plural}`
}

/** The path of a kind's objects in one namespace. @throws when the kind is namespaced and no namespace is given */
export const creationPath = (resource: Resource, namespace: string | undefined): string => {
  if (resource.namespaced && !namespace) throw new TypeError(`${resource.kind}: metadata.namespace is missing`)
  return collectionPath(resource, namespace)
}

/** @throws when the name, or the namespace of a namespaced kind, is missing */
export const objectPath = (resource: Resource, { namespace, name }: ObjectRef): string => {
  if (!name) throw new TypeError(`${resource.kind}: metadata.name is missing`)
  return `${creationPath(resource, namespace)}/${encodeURIComponent(name)}`
}

/** The path with those parameters that have a value. */
export const withQuery = (path: string, parameters: Parameters): string => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') query.set(name, String(value))
  return query.size > 0 ? `${path}?${query}` : path
}
