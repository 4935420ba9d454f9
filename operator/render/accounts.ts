/** Service accounts without a token: no workload talks to the API server. */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import { type Component, metadata, type ServiceAccount } from './objects.ts'

export const serviceAccount = (server: ChatmailServer, component: Component, name: string): ServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: metadata(server, component, name),
  automountServiceAccountToken: false,
})
