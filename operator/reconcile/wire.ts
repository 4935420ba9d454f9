/**
 * A rendered object as it is applied: Secrets in base64, owned by the server so that garbage collection takes them with it.
 * What outlives the server (the mail volume and the keys, with deletionPolicy Retain) has no owner and carries the domain
 * instead, by which a server of the same name and domain gets it back.
 */
import { createHash } from 'node:crypto'
import { apiVersion, type ChatmailServer, kind } from '../api/chatmail-server.ts'
import type { KubeObject } from '../kube/objects.ts'
import { names } from '../render/names.ts'
import { annotationPrefix, type KubernetesObject } from '../render/objects.ts'
import { idOf } from './resources.ts'
import { instanceLabel, managedBy, managedByLabel } from './view.ts'

export const hashAnnotation = `${annotationPrefix}applied`
export const domainAnnotation = `${annotationPrefix}domain`

/** What is worth keeping when the server is deleted: addresses live in the volume, clients remember the certificate. */
const keepsakes = (server: ChatmailServer): ReadonlySet<string> =>
  new Set([
    `PersistentVolumeClaim/${names.mailData(server)}`,
    `Secret/${names.keyring(server)}`,
    `Secret/${names.certificate(server)}`,
  ])

export const isKeepsake = (server: ChatmailServer, object: { kind: string; metadata: { name: string } }): boolean =>
  keepsakes(server).has(idOf(object))

const encode = (object: KubernetesObject): Record<string, unknown> => {
  if (object.kind !== 'Secret') return { ...object }
  const { stringData, ...rest } = object
  const data = Object.fromEntries(
    Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  )
  return { ...rest, data }
}

/** The hash of what is desired, annotations of this folder aside. */
const hashOf = (object: Record<string, unknown>): string =>
  createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 16)

/** The object to apply. `uid` is the server's. */
export const wireForm = (server: ChatmailServer, uid: string, object: KubernetesObject): KubeObject => {
  const kept = isKeepsake(server, object)
  const owned = !kept || server.spec.deletionPolicy === 'Delete'
  const owner = { apiVersion, kind, name: server.metadata.name, uid, controller: true, blockOwnerDeletion: false }
  const metadata = {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, ...(kept ? { [domainAnnotation]: server.spec.domain } : {}) },
    ...(owned ? { ownerReferences: [owner] } : {}),
  }
  const desired = { ...encode(object), metadata }
  const annotations = { ...metadata.annotations, [hashAnnotation]: hashOf(desired) }
  return { ...encode(object), apiVersion: object.apiVersion, kind: object.kind, metadata: { ...metadata, annotations } }
}

/**
 * True when the server may change the object: it owns it, or nobody does and it is one that this operator has made for a
 * server of this name; what outlives servers also has to be of the same domain.
 */
export const belongsTo = (server: ChatmailServer, uid: string, live: KubeObject): boolean => {
  const { ownerReferences = [], annotations, labels } = live.metadata
  if (ownerReferences.some((owner) => owner.uid === uid)) return true
  if (ownerReferences.length > 0) return false
  if (isKeepsake(server, live)) return annotations?.[domainAnnotation] === server.spec.domain
  return labels?.[managedByLabel] === managedBy && labels[instanceLabel] === server.metadata.name
}
