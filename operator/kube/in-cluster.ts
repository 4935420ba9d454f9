/**
 * Access from inside a pod: two variables and the files of the mounted service account.
 *
 * KubeConfig of @kubernetes/client-node could do this too, but loading it costs some 80 MB of memory for as long as the
 * operator runs, and it holds on to a token that was revoked for up to a minute.
 */
import { accessSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { Access } from './access.ts'

export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The kubelet renews a token long before it ends; client-go reads it again as often. */
const tokenAgeMs = 60_000

export type InClusterOptions = {
  env: Record<string, string | undefined>
  folder?: string
  /** Milliseconds of a clock that does not go backwards. */
  now?: () => number
}

/** Whether this process runs in a pod that has a service account's token. */
export const isInCluster = ({ env, folder = serviceAccountFolder }: InClusterOptions): boolean => {
  try {
    accessSync(join(folder, 'token'))
    return !!env.KUBERNETES_SERVICE_HOST
  } catch {
    return false
  }
}

export const inClusterAccess = (options: InClusterOptions): Access => {
  const { env, folder = serviceAccountFolder, now = () => performance.now() } = options
  const host = env.KUBERNETES_SERVICE_HOST ?? ''
  let token: { value: string; readAt: number } | undefined
  const current = async (): Promise<string> => {
    if (!token || now() - token.readAt > tokenAgeMs)
      token = { value: (await readFile(join(folder, 'token'), 'utf8')).trim(), readAt: now() }
    return token.value
  }
  return {
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT || '443'}`),
    tls: async () => ({ ca: await readFile(join(folder, 'ca.crt')) }),
    headers: async () => ({ authorization: `Bearer ${await current()}` }),
    refresh: async () => {
      token = undefined
    },
  }
}
