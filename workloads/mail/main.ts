/** The mail workload: accounts, IMAP, submission and the page of one chatmail server. */
import { mailConfig } from '../contract/mail-config.ts'
import { runWorkload } from '../kit/lifecycle/run.ts'
import { startMail } from './service.ts'

/** Serves until it is told to stop; ends the process. */
export const run = ({ mountsDir, dataDir }: { mountsDir: string; dataDir: string }): Promise<never> =>
  runWorkload({ workload: 'mail', schema: mailConfig, mountsDir, dataDir, start: startMail })
