/** The Iroh workload: a relay for real-time apps, for both generations of clients. */
import { type IrohConfig, irohConfig } from '../contract/iroh-config.ts'
import { mountedFiles } from '../contract/mounts.ts'
import { type Context, type Running, runWorkload } from '../kit/lifecycle/run.ts'
import type { MountedFile } from '../kit/mounts/mounted-file.ts'
import { type CertificatePair, parseCertificate } from '../kit/mounts/parse.ts'
import { assembleIroh } from './assemble.ts'
import { Listeners } from './http/listeners.ts'

/** The certificate is needed where a listener speaks TLS, and not looked for elsewhere. */
const certificateOf = ({ config, mounts }: Context<IrohConfig>): MountedFile<CertificatePair> | null =>
  config.listen.https === null
    ? null
    : mounts.file([mountedFiles.certificate, mountedFiles.privateKey], parseCertificate)

/** Starts serving. @throws ListenError, MountError */
export const startIroh = async (context: Context<IrohConfig>): Promise<Running> => {
  const { config, metrics, log } = context
  const certificate = certificateOf(context)
  const server = assembleIroh(config, metrics)
  const listeners = await Listeners.open({
    config,
    front: server.front,
    certificate: certificate?.value ?? null,
    onTlsFailure: () => server.relay.counters.refused.tls++,
  })
  certificate?.onChange((pair) => listeners.renew(pair))
  return {
    counts: server.counts,
    stop: async () => {
      listeners.close()
      const { connections } = server.counts()
      await server.stop()
      log.info({ connections }, 'drained')
    },
  }
}

/** Runs until SIGTERM; ends the process. */
export const run = ({ mountsDir, dataDir }: { mountsDir: string; dataDir: string }): Promise<never> =>
  runWorkload({ workload: 'iroh', schema: irohConfig, mountsDir, dataDir, start: startIroh })
