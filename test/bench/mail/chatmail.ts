/** This project's mail workload as a target, a process of its own. */
import { testDomain, testMailConfig } from '../../support/mail-config.ts'
import { MailProcess } from '../../support/mail-process.ts'
import { commit } from '../commit.ts'
import { processTree } from '../usage.ts'
import type { Server, Target } from './target.ts'

/** Limits out of the way: the load is what is measured, not its refusal. */
const unlimited = { ...testMailConfig().limits, sendPerMinute: 10_000_000, sendBurst: 1_000_000 }

const setUp = 'default limits but no rate limit, encryption policy on, SQLite with synchronous=FULL'

/** The first start strips types and compiles, which the image has behind it: its memory would be counted with ours. */
const warmUp = async (): Promise<void> => (await MailProcess.start()).stop()

let warm: Promise<void> | undefined

const start = async (): Promise<Target> => {
  warm ??= warmUp()
  await warm
  const mail = await MailProcess.start({ config: { limits: unlimited } })
  return {
    imapPort: mail.ports.imaps,
    smtpPort: mail.ports.submissions,
    domain: testDomain,
    pids: () => processTree(mail.pid),
    stop: () => mail.stop(),
  }
}

export const chatmail = (): Server => ({ name: 'chatmail', version: commit(), setUp, start })
