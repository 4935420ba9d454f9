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

/** Starts coturn; key ring and peers are followed as their files change. @throws ListenError, StartError */
export const startCoturn = async (context: Context<TurnConfig>): Promise<Running> => {
  const { config, mounts, log, metrics, dataDir } = context
  const ring = mounts.file([mountedFiles.keyring], parseKeyring)
  const around = mounts.file([mountedFiles.peers], parsePeers)
  const certificate = mounts.file([mountedFiles.certificate, mountedFiles.privateKey], optionalCertificate)
  const configured = coturnAddresses(config, networkInterfaces())
  const addresses = { ...configured, listen: await listenable(configured.listen, config) }
  if (addresses.listen.length < configured.listen.length) log.warn('this machine has no IPv6: TURN listens without it')
  const database = new CoturnDatabase(join(dataDir, coturnFiles.database))
  database.setSecrets(config.realm, secretsOf(ring.value))
  database.setPeers(changingRanges(around.value))
  const coturn = launch(context, addresses, certificate.value)
  const drain = new Drain()
  const relays = (): number => relaySocketCount(coturn.pid, config.relay)
  let before = ring.value
  ring.onChange((now) => {
    if (!drain.active) database.setSecrets(config.realm, secretsOf(now))
    const revoked = hasRevoked(before, now)
    before = now
    if (!revoked) return
    log.warn({ cut: relays() }, 'a key was revoked: coturn starts anew, and every call on it ends')
    void coturn.replace()
  })
  around.onChange((now) => database.setPeers(changingRanges(now)))
  certificate.onChange((pair) => {
    if (pair) keepCertificate(dataDir, pair)
    coturn.renewCertificate()
  })
  gauge(metrics, 'relays', 'Relay ports in use, reserved ones too', relays)
  addSharedGauges(metrics, { config, keyring: () => ring.value, draining: () => drain.active })
  await untilCoturnServes(addresses, config.listen.port, ring.value)
  return {
    counts: () => ({ relays: relays() }),
    readyWhileStopping: true,
    stop: async (immediately) => {
      // Nobody can make an allocation without a key; those that are there keep theirs.
      database.setSecrets(config.realm, [])
      const ended = await drain.run(remaining(relays), config.drain.deadline, immediately)
      log.info({ ended, cut: relays() }, 'drained')
      await coturn.stop()
      database.close()
    },
  }
}

const remaining = (relays: () => number) => ({
  get size() {
    return relays()
  },
  onEmpty: (listener: () => void): void => {
    const looking = setInterval(() => {
      if (relays() > 0) return
      clearInterval(looking)
      listener()
    }, lookMs)
  },
})

/** Runs until SIGTERM; ends the process. */
export const run = ({ mountsDir, dataDir }: { mountsDir: string; dataDir: string }): Promise<never> =>
  runWorkload({ workload: 'turn', schema: turnConfig, mountsDir, dataDir, start: startCoturn })
