/** Which program relays, and what its pod has another way for it. */
import type { ChatmailServer, ChatmailServerSpec } from '../../api/chatmail-server.ts'
import type { Facts } from '../facts.ts'
import { type PodParts, serverImage } from '../pods.ts'

/** Same name, another tag: `chatmail-operator:1.2.3-coturn`. A digest names one image alone, so it is left out. */
export const coturnImage = (image: string): string => {
  const named = image.split('@', 1)[0]!
  const hasTag = named.lastIndexOf(':') > named.lastIndexOf('/')
  return `${named}${hasTag ? '' : ':latest'}-coturn`
}

/** Whether the program takes clients of TURN that mail has accepted on its HTTPS port. */
export const takesOver = ({ spec }: ChatmailServer): boolean => spec.turn.engine === 'Builtin'

export const turnEngine = (spec: ChatmailServerSpec, facts: Facts): Pick<PodParts, 'command' | 'image' | 'data'> => {
  const { engine, coturn } = spec.turn
  if (engine === 'Builtin') return { data: { name: 'data', emptyDir: { sizeLimit: '64Mi' } } }
  return {
    command: 'coturn',
    image: coturn.image ?? coturnImage(serverImage(spec, facts)),
    // coturn reads its keys from a file: this one is never on a disk.
    data: { name: 'data', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
  }
}
