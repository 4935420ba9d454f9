/** The definition of ChatmailServer, as a person installs it. */
import type { ApiServer } from '../api-server.ts'
import { eventually } from '../eventually.ts'

export const installDefinition = async (api: ApiServer): Promise<void> => {
  await api.kubectl(['apply', '--server-side', '-f', 'crds/chatmail.dev_chatmailservers.yaml'])
  // A definition that is new for kubectl has no conditions yet, which it takes for an error.
  await eventually(
    () => api.kubectl(['wait', '--for=condition=Established', 'crd/chatmailservers.chatmail.dev']),
    30_000,
  )
}
