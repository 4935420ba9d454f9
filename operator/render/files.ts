/** ConfigMaps and Secrets: what is mounted. A file's text is stable, so that an unchanged server renders the same bytes. */
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import type { Facts } from './facts.ts'
import { names } from './names.ts'
import { type Component, type ConfigMap, metadata, type Secret } from './objects.ts'

/** YAML in its JSON form (YAML 1.2 §1.3). */
export const fileText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

export const configMap = (
  server: ChatmailServer,
  component: Component,
  name: string,
  data: Record<string, string>,
): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(server, component, name), data })

/** `relays.json`. */
export const relaysText = (server: ChatmailServer, facts: Facts): string => {
  const { turn } = server.spec
  return fileText({ turn: turn.enabled ? facts.turnEndpoints : [], iroh: facts.irohUrl })
}

const secret = (
  server: ChatmailServer,
  component: Component,
  name: string,
  stringData: Record<string, string>,
  type: Secret['type'] = 'Opaque',
): Secret => ({ apiVersion: 'v1', kind: 'Secret', metadata: metadata(server, component, name), type, stringData })

/** The key ring and the management token, which mail and TURN share, and the certificate where it is made here. */
export const secrets = (server: ChatmailServer, facts: Facts): Secret[] => {
  const { secretName, pem } = facts.certificate
  return [
    secret(server, 'turn', names.keyring(server), { [mountedFiles.keyring]: facts.keyring }),
    secret(server, 'mail', names.managementToken(server), { [mountedFiles.managementToken]: facts.managementToken }),
    ...(pem
      ? [
          secret(
            server,
            'mail',
            secretName,
            { [mountedFiles.certificate]: pem.crt, [mountedFiles.privateKey]: pem.key },
            'kubernetes.io/tls',
          ),
        ]
      : []),
  ]
}
