/** The command `up`: what a person or a program is told while a local server runs. */
import { randomInt } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { ProveIroh } from '../local/iroh.ts'
import { inviteText, serverText } from '../local/screen.ts'
import { inviteIsShared, newInvite, summary } from '../local/summary.ts'
import { type Ready, up } from '../local/up.ts'
import { resolveByDns } from '../reconcile/lookups.ts'
import { irohReach } from '../render/iroh/reach.ts'
import { portRows } from '../render/ports.ts'
import type { CommandContext } from './context.ts'
import { readManifest } from './manifest.ts'

export type UpFlags = { file: string; dataDir?: string; address?: string; output: 'human' | 'json' }

const tellProgram =
  ({ stdout }: CommandContext): Ready =>
  async (server, facts, dataDir) => {
    stdout.write(`${JSON.stringify(summary(server, facts, dataDir, randomInt))}\n`)
  }

/** Enter shows the invite for the next person, where each needs one of their own. */
const offerMore = (context: CommandContext, next: () => Promise<string>): void => {
  const lines = createInterface({ input: context.stdin })
  lines.on('line', async () => context.stdout.write(`\n${await next()}\n`))
}

const tellPerson =
  (context: CommandContext): Ready =>
  async (server, facts, dataDir) => {
    const { stdin, stdout } = context
    const shared = inviteIsShared(server, facts)
    const about = summary(server, facts, dataDir, randomInt)
    const more = !shared && Boolean(stdin.isTTY && stdout.isTTY)
    const invite = (link: string) => inviteText(link, { shared, more, colours: Boolean(stdout.isTTY) })
    stdout.write(
      `\n${await invite(about.invite)}\n${serverText(about, portRows(server, 'local', {}, irohReach(server, facts) === 'direct'), shared)}`,
    )
    if (more) offerMore(context, () => invite(newInvite(server, facts, randomInt)))
  }

/** Resolves to the exit code. @throws StartError */
export const runUp = (flags: UpFlags, context: CommandContext, proveIroh: ProveIroh): Promise<number> => {
  const json = flags.output === 'json'
  const progress = (line: string) => void (json ? context.stderr : context.stdout).write(`${line}\n`)
  return up(
    readManifest(flags.file),
    { dataDir: flags.dataDir, address: flags.address, logs: json ? 'stderr' : 'log' },
    { ...context, progress, proveIroh, resolve: resolveByDns },
    json ? tellProgram(context) : tellPerson(context),
  )
}
