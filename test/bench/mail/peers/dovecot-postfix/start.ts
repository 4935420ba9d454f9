/** Debian's Dovecot and Postfix, from a folder of their own, as a target: nothing of the system's own set-up is read or touched. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { selfSignedCertificate } from '../../../../support/certificate.ts'
import { testDomain } from '../../../../support/mail-config.ts'
import { freePorts } from '../../../../support/ports.ts'
import { ImapClient } from '../../clients/imap.ts'
import { SmtpClient } from '../../clients/smtp.ts'
import { password, person } from '../../scenarios/people.ts'
import type { Found, StartOptions, Target } from '../../target.ts'
import { processTree } from '../../usage.ts'
import { Daemon, endChildren } from './daemon.ts'
import { dovecotConfig } from './dovecot-config.ts'
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

/** Resolves when both serve. @throws the last failure after half a minute */
const ready = async (target: Target): Promise<void> => {
  for (const deadline = Date.now() + 30_000; ; await pause(50)) {
    try {
      return await tryOut(target)
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}

const logOf = ({ dovecotLog }: Layout): string => {
  try {
    return readFileSync(dovecotLog, 'utf8').slice(-2000)
  } catch {
    return ''
  }
}

const start = async (options: StartOptions): Promise<Target> => {
  const layout = makeLayout()
  const daemons: Daemon[] = []
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
    await Promise.race([ready(target), ...daemons.map(({ died }) => died)])
    return target
  } catch (error) {
    const log = logOf(layout)
    await stop()
    throw new Error(`Dovecot and Postfix do not start: ${log}`, { cause: error })
  }
}

export const dovecotPostfix = (): Found => {
  const name = 'Dovecot + Postfix'
  const found = installed()
  return 'missing' in found ? { name, ...found } : { name, ...found, start }
}
