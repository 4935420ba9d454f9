/** The volume of the embedded store. It outlives the pod, and with deletionPolicy Retain the resource. */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { names } from '../names.ts'
import { annotationPrefix, metadata, type PersistentVolumeClaim } from '../objects.ts'

export const mailVolume = (server: ChatmailServer): PersistentVolumeClaim[] => {
  const { storage } = server.spec.mail
  if (storage.type !== 'SQLite') return []
  const annotations = { [`${annotationPrefix}deletion-policy`]: server.spec.deletionPolicy }
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadata(server, 'mail', names.mailData(server), annotations),
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: storage.size } },
        ...(storage.storageClassName ? { storageClassName: storage.storageClassName } : {}),
      },
    },
  ]
}
