/** The definition of ChatmailServer, as a person installs it. */
import type { ApiServer } from '../api-server.ts'

export const installDefinition = async (api: ApiServer): Promise<void> => {
  await api.kubectl(['apply', '--server-side', '-f', 'crds/chatmail.dev_chatmailservers.yaml'])
  await api.kubectl(['wait', '--for=condition=Established', 'crd/chatmailservers.chatmail.dev'])
}
