/** The volume of the embedded store. It outlives the pod, and with deletionPolicy Retain the resource. */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { bytes, quantity } from '../../api/quantities.ts'
import type { Facts } from '../facts.ts'
import { names } from '../names.ts'
import { annotationPrefix, metadata, type PersistentVolumeClaim } from '../objects.ts'

/** A volume can grow and never shrink, and its class is fixed when it is made. */
const settled = ({ spec }: ChatmailServer, { volume }: Facts): { size: string; storageClassName: string | null } => {
  const { size, storageClassName } = spec.mail.storage
  if (!volume) return { size, storageClassName }
  return {
    size: (quantity(volume.size) ?? 0) > bytes(size) ? volume.size : size,
    storageClassName: volume.storageClassName,
  }
}

export const mailVolume = (server: ChatmailServer, facts: Facts): PersistentVolumeClaim[] => {
  const { storage } = server.spec.mail
  const { size, storageClassName } = settled(server, facts)
  if (storage.type !== 'SQLite') return []
  const annotations = { [`${annotationPrefix}deletion-policy`]: server.spec.deletionPolicy }
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadata(server, 'mail', names.mailData(server), annotations),
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: size } },
        ...(storageClassName ? { storageClassName } : {}),
      },
    },
  ]
}
