/** Debian's Dovecot and Postfix, from a folder of their own, as a target: nothing of the system's own set-up is read or touched. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { selfSignedCertificate } from '../../../../support/certificate.ts'
import { testDomain } from '../../../../support/mail-config.ts'
import { freePorts } from '../../../../support/ports.ts'
import { processTree } from '../../../usage.ts'
import { ImapClient } from '../../clients/imap.ts'
import { SmtpClient } from '../../clients/smtp.ts'
import { password, person } from '../../scenarios/people.ts'
import type { Found, StartOptions, Target } from '../../target.ts'
import { Daemon, endChildren } from './daemon.ts'
import { dovecotConfig } from './dovecot-config.ts'
import { checkInotify } from './inotify.ts'
import { installed, programs } from './installed.ts'
import { type Layout, makeLayout } from './layout.ts'
import { loginMap, mainConfig, masterConfig } from './postfix-config.ts'

const domain = testDomain

type Ports = { imapPort: number; smtpPort: number }

const writeFiles = async (layout: Layout, ports: Ports, { hibernateAfter }: StartOptions): Promise<void> => {
  const { cert, key } = await selfSignedCertificate([domain, '127.0.0.1'])
  writeFileSync(layout.certificate, cert)
  writeFileSync(layout.privateKey, key, { mode: 0o600 })
  writeFileSync(layout.dovecotConfig, dovecotConfig({ layout, ...ports, password, hibernateAfter }), { mode: 0o600 })
  writeFileSync(layout.loginMap, loginMap)
  writeFileSync(join(layout.postfix, 'main.cf'), mainConfig({ layout, ...ports, domain }))
  writeFileSync(join(layout.postfix, 'master.cf'), masterConfig({ layout, ...ports, domain }))
}

/** One login at each. */
const tryOut = async (target: Target): Promise<void> => {
  const who = person(target, 'first')
  const smtp = await SmtpClient.open(target.smtpPort, who.address, who.password)
  await smtp.close()
  const imap = await ImapClient.open(target.imapPort)
  await imap.login(who.address, who.password)
  await imap.close()
}

/** Rejects when a login gets no answer for ten seconds. */
const silence = async (abandoned: AbortSignal): Promise<never> => {
  await pause(10_000, undefined, { signal: abandoned })
  throw new Error('a port was opened, but a login there gets no answer')
}

/** Resolves when both serve. `abandoned` ends the trying. @throws the last failure after half a minute */
const ready = async (target: Target, abandoned: AbortSignal): Promise<void> => {
  for (const deadline = Date.now() + 30_000; ; await pause(50, undefined, { signal: abandoned })) {
    try {
      return await Promise.race([tryOut(target), silence(abandoned)])
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}

/** What failed, and below it the end of Dovecot's log. */
const failure = (error: unknown, { dovecotLog }: Layout): Error => {
  const log = existsSync(dovecotLog) ? readFileSync(dovecotLog, 'utf8').slice(-2000) : ''
  return new Error(`${error instanceof Error ? error.message : error}\n${log}`, { cause: error })
}

const start = async (options: StartOptions): Promise<Target> => {
  checkInotify(options.sessions)
  const layout = makeLayout()
  const daemons: Daemon[] = []
  const abandon = new AbortController()
  const stop = async (): Promise<void> => {
    await Promise.all(daemons.map((daemon) => daemon.stop()))
    await endChildren(layout.dir)
    rmSync(layout.dir, { recursive: true, force: true })
  }
  try {
    const [imapPort, smtpPort] = (await freePorts(2)) as [number, number]
    await writeFiles(layout, { imapPort, smtpPort }, options)
    daemons.push(new Daemon('Dovecot', programs.dovecot, ['-F', '-c', layout.dovecotConfig]))
    daemons.push(new Daemon('Postfix', programs.postfixMaster, ['-d', '-c', layout.postfix]))
    const pids = () => daemons.flatMap(({ pid }) => processTree(pid))
    const target = { imapPort, smtpPort, domain, pids, stop }
    await Promise.race([ready(target, abandon.signal), ...daemons.map(({ died }) => died)])
    return target
  } catch (error) {
    const told = failure(error, layout)
    await stop()
    throw told
  } finally {
    abandon.abort()
  }
}

const setUp =
  'as chatmail relays set them up, but without their filter, header checks, DKIM and account lookups; mail_fsync=optimized'

export const dovecotPostfix = (): Found => {
  const name = 'Dovecot + Postfix'
  const found = installed()
  return 'missing' in found ? { name, ...found } : { name, ...found, setUp, start }
}
