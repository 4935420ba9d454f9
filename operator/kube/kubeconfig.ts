/**
 * Access by a kubeconfig file: tokens, client certificates, exec plugins, OpenID Connect and proxies as
 * @kubernetes/client-node reads them. It is loaded when it is used: it costs a second and some 80 MB.
 */
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import type { Access, TlsOptions } from './access.ts'

const load = async (file: string | undefined): Promise<KubeConfig> => {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js')
  const config = new KubeConfig()
  if (file === undefined) config.loadFromDefault()
  else config.loadFromFile(file)
  return config
}

/** Lets KubeConfig fill in a request as if it were its own, and gives back what it filled in. */
const applied = async (config: KubeConfig): Promise<{ tls: TlsOptions; headers: Record<string, string> }> => {
  const options: TlsOptions & { headers?: Record<string, string>; auth?: string; agent?: unknown } = {}
  await config.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0])
  const { headers = {}, auth, agent: _agent, ...tls } = options
  return { tls, headers: auth ? { ...headers, authorization: `Basic ${btoa(auth)}` } : headers }
}

/** @throws when the file, its current context or its cluster is missing or does not parse */
export const kubeconfigAccess = async (file: string | undefined): Promise<Access> => {
  let config = await load(file)
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new Error(`${file ?? 'the kubeconfig'}: the current context names no cluster`)
  return {
    server: new URL(cluster.server),
    ...(cluster.proxyUrl && { proxy: { uri: cluster.proxyUrl, tls: (await applied(config)).tls } }),
    tls: async () => (await applied(config)).tls,
    headers: async () => (await applied(config)).headers,
    refresh: async () => {
      config = await load(file)
    },
  }
}
