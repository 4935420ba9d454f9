/**
 * The TURN workload with coturn as its engine: the same mounted files in, `turnserver` run by them. What coturn reads from its
 * database changes in place (keys, peers); a revoked key is what takes a new process, and every call with it.
 */
import { writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { exitCodes } from '../../contract/exit-codes.ts'
import type { Keyring } from '../../contract/keyring.ts'
import { mountedFiles } from '../../contract/mounts.ts'
import { StartError } from '../../contract/start-error.ts'
import { type TurnConfig, turnConfig } from '../../contract/turn-config.ts'
import { type Context, type Running, runWorkload } from '../../kit/lifecycle/run.ts'
import type { MountedFile } from '../../kit/mounts/mounted-file.ts'
import { type CertificatePair, optionalCertificate, parseKeyring, parsePeers } from '../../kit/mounts/parse.ts'
import type { ServerAddresses } from '../address/machine.ts'
import { Drain } from '../drain/drain.ts'
import { addSharedGauges, gauge } from '../metrics/gauges.ts'
import { coturnAddresses, listenable } from './addresses.ts'
import { CoturnDatabase } from './database.ts'
import { untilCoturnServes } from './first-answer.ts'
import { changingRanges, fixedRanges } from './peers.ts'
import { CoturnProcess } from './process.ts'
import { coturnCommand } from './program.ts'
import { relaySocketCount } from './relay-sockets.ts'
import { coturnFiles, coturnSettings, settingsText } from './settings.ts'

/** How often a draining server looks whether a call is left, milliseconds. */
const lookMs = 500

const secretsOf = ({ keys }: Keyring): string[] => keys.map(({ secret }) => secret)

/** True when a key has been revoked since. */
const hasRevoked = (before: Keyring, now: Keyring): boolean =>
  (now.revoked ?? []).some((id) => !before.revoked?.includes(id))

const keep = (dataDir: string, name: string, content: string | Buffer): void =>
  writeFileSync(join(dataDir, name), content, { mode: 0o600 })

const keepCertificate = (dataDir: string, { cert, key }: CertificatePair): void => {
  keep(dataDir, coturnFiles.certificate, cert)
  keep(dataDir, coturnFiles.privateKey, key)
}

const endedByItself = (how: string): never => {
  throw new StartError(`turnserver ended by itself: ${how}`, exitCodes.failed)
}

const launch = (
  { config, dataDir, log }: Context<TurnConfig>,
  addresses: ServerAddresses,
  certificate: CertificatePair | null,
): CoturnProcess => {
  const settings = coturnSettings(config, addresses, fixedRanges(config, addresses), certificate !== null)
  keep(dataDir, coturnFiles.settings, settingsText(settings))
  if (certificate) keepCertificate(dataDir, certificate)
  return new CoturnProcess({
    command: coturnCommand(process.env.PATH ?? '', config.noLog),
    dir: dataDir,
    env: {},
    said: config.noLog ? null : (line) => log.info({ line }, 'coturn'),
    ended: endedByItself,
  })
}

type Engine = {
  context: Context<TurnConfig>
  ring: MountedFile<Keyring>
  addresses: ServerAddresses
  database: CoturnDatabase
  coturn: CoturnProcess
  drain: Drain
}

const relaysOf = ({ context, coturn }: Engine): number => relaySocketCount(coturn.pid, context.config.relay)

/** While the server drains nobody is to be served any more. */
const untilServing = ({ context, addresses, ring, drain }: Engine): Promise<void> =>
  untilCoturnServes(addresses, context.config.listen.port, () => (drain.active ? null : ring.value))

const followRing = (engine: Engine): void => {
  const { context, ring, database, coturn, drain } = engine
  let before = ring.value
  ring.onChange((now) => {
    if (!drain.active) database.setSecrets(context.config.realm, secretsOf(now))
    const revoked = hasRevoked(before, now)
    before = now
    if (!revoked) return
    context.log.warn({ cut: relaysOf(engine) }, 'a key was revoked: every call on this relay ends')
    void (drain.active ? coturn.stop() : coturn.replace().then(() => untilServing(engine)))
  })
}

const followCertificate = ({ context, coturn }: Engine, certificate: MountedFile<CertificatePair | null>): void => {
  const secured = certificate.value !== null
  certificate.onChange((pair) => {
    if (!pair || !secured) return context.log.warn('coturn goes on with TLS or without it, as it began')
    keepCertificate(context.dataDir, pair)
    coturn.renewCertificate()
  })
}

/** The relays of `engine` as what a drain waits for. */
const liveOf = (engine: Engine): Parameters<Drain['run']>[0] => ({
  get size() {
    return relaysOf(engine)
  },
  onEmpty: (listener) => {
    const looking = setInterval(() => {
      if (relaysOf(engine) > 0) return
      clearInterval(looking)
      listener()
    }, lookMs)
  },
})

const stop = async (engine: Engine, immediately: AbortSignal): Promise<void> => {
  const { context, database, drain, coturn } = engine
  // Nobody can make an allocation without a key; those that are there keep theirs.
  database.setSecrets(context.config.realm, [])
  const ended = await drain.run(liveOf(engine), context.config.drain.deadline, immediately)
  context.log.info({ ended, cut: relaysOf(engine) }, 'drained')
  await coturn.stop()
  database.close()
}

const addressesOf = async ({ config, log }: Context<TurnConfig>): Promise<ServerAddresses> => {
  const configured = coturnAddresses(config, networkInterfaces())
  const listen = await listenable(configured.listen, config)
  if (listen.length < configured.listen.length) log.warn('this machine has no IPv6: TURN listens without it')
  return { ...configured, listen }
}

/** Starts coturn; key ring and peers are followed as their files change. @throws ListenError, StartError */
export const startCoturn = async (context: Context<TurnConfig>): Promise<Running> => {
  const { config, mounts, metrics, dataDir } = context
  const ring = mounts.file([mountedFiles.keyring], parseKeyring)
  const around = mounts.file([mountedFiles.peers], parsePeers)
  const certificate = mounts.file([mountedFiles.certificate, mountedFiles.privateKey], optionalCertificate)
  const addresses = await addressesOf(context)
  const database = new CoturnDatabase(join(dataDir, coturnFiles.database))
  database.setSecrets(config.realm, secretsOf(ring.value))
  database.setPeers(changingRanges(around.value))
  const coturn = launch(context, addresses, certificate.value)
  const engine: Engine = { context, ring, addresses, database, coturn, drain: new Drain() }
  followRing(engine)
  followCertificate(engine, certificate)
  around.onChange((now) => database.setPeers(changingRanges(now)))
  gauge(metrics, 'relays', 'Relay ports in use, reserved ones too', () => relaysOf(engine))
  addSharedGauges(metrics, { config, keyring: () => ring.value, draining: () => engine.drain.active })
  await untilServing(engine)
  return {
    counts: () => ({ relays: relaysOf(engine) }),
    readyWhileStopping: true,
    stop: (immediately) => stop(engine, immediately),
  }
}

/** Runs until SIGTERM; ends the process. */
export const run = ({ mountsDir, dataDir }: { mountsDir: string; dataDir: string }): Promise<never> =>
  runWorkload({ workload: 'turn', schema: turnConfig, mountsDir, dataDir, start: startCoturn })
