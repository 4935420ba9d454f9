/** A server as a person wrote it, and facts for it, for what is tried without a cluster. */
import { apiVersion, type ChatmailServer, kind, parseServer } from '../../../operator/api/chatmail-server.ts'

/** @throws where the spec is not valid */
export const serverOf = (spec: object = {}, name = 'chat'): ChatmailServer => {
  const parsed = parseServer({
    apiVersion,
    kind,
    metadata: { name, namespace: 'mail' },
    spec: { domain: 'chat.example.org', ...spec },
  })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.server
}
