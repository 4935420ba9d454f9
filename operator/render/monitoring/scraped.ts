/** The labels by which a query finds the pods of one server: those that its PodMonitor sets, beside namespace and pod. */
import type { ChatmailServer } from '../../api/chatmail-server.ts'

export const serverLabel = 'chatmail_server'
export const componentLabel = 'chatmail_component'
export const nodeLabel = 'node'

/** `namespace="chat",chatmail_server="chat"`, as a query has it between braces. */
export const serverSelector = ({ metadata }: ChatmailServer): string =>
  `namespace="${metadata.namespace}",${serverLabel}="${metadata.name}"`
