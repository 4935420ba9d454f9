/** An Iroh relay as a process of its own on loopback, and temporary endpoints at it. */
import type { z } from 'zod'
import type { irohConfig } from '../../workloads/contract/iroh-config.ts'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { Endpoint, type EndpointOptions, type Version } from '../../workloads/iroh/client/endpoint.ts'
import { selfSignedCertificate } from './certificate.ts'
import { freePorts } from './ports.ts'
import { WorkloadProcess } from './workload-process.ts'

export type IrohConfigInput = z.input<typeof irohConfig>

export type IrohProcess = {
  workload: WorkloadProcess
  config: IrohConfigInput
  /** Of the listener without TLS. */
  url: URL
  /** Of the one with TLS. */
  secureUrl: URL
  certificate: { cert: string; key: string }
  /** An endpoint that ends with the process, or after a minute. */
  endpoint: (version: Version, options?: Partial<EndpointOptions>) => Promise<Endpoint>
  stop: () => Promise<void>
}

export type IrohProcessOptions = {
  limits?: IrohConfigInput['limits']
  drain?: IrohConfigInput['drain']
  /** Where to listen without TLS; a free port unless given. */
  port?: number
  flags?: readonly string[]
}

export const startIroh = async ({ limits, drain, port, flags }: IrohProcessOptions = {}): Promise<IrohProcess> => {
  const [http, https, proxied, management] = (await freePorts(4)) as [number, number, number, number]
  const certificate = await selfSignedCertificate(['localhost', '127.0.0.1'])
  const config: IrohConfigInput = {
    listenAddress: '127.0.0.1',
    listen: { http: port ?? http, https },
    proxied: { address: '127.0.0.1', port: proxied },
    management: { address: '127.0.0.1', port: management },
    ...(limits ? { limits } : {}),
    ...(drain ? { drain } : {}),
  }
  const workload = await WorkloadProcess.launch({
    name: 'iroh',
    managementPort: management,
    files: {
      [mountedFiles.config]: JSON.stringify(config),
      [mountedFiles.certificate]: certificate.cert,
      [mountedFiles.privateKey]: certificate.key,
    },
    ...(flags ? { flags } : {}),
  })
  const url = new URL(`http://127.0.0.1:${port ?? http}/`)
  const over = new AbortController()
  return {
    workload,
    config,
    url,
    secureUrl: new URL(`https://127.0.0.1:${https}/`),
    certificate,
    endpoint: (version, options = {}) =>
      Endpoint.open({ url, version, signal: AbortSignal.any([over.signal, AbortSignal.timeout(60_000)]), ...options }),
    stop: async () => {
      over.abort(new Error('the test is over'))
      await workload.stop()
    },
  }
}
