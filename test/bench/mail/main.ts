/**
 * `npm run bench:mail`: the server in a process of its own, the load from this one, over loopback with TLS and real fsync.
 * Prints a table; CPU is read from /proc of the server's processes.
 */
import { execFileSync } from 'node:child_process'
import { cpus, release } from 'node:os'
import { testDomain, testMailConfig } from '../../support/mail-config.ts'
import { MailProcess } from '../../support/mail-process.ts'
import { idleProcess, idleSessions, latency, logins, pidsOf, prefetch, type Target, throughput } from './scenarios.ts'

type Row = { figure: string; measure: (target: Target) => Promise<string>; aim: string }

const ms = (value: number): string => `${value.toFixed(value < 1 ? 2 : 1)} ms`

const rows: Row[] = [
  {
    figure: 'idle process, resident',
    measure: async (target) => `${(await idleProcess(target)).mib.toFixed(0)} MiB`,
    aim: '≤ 90 MB',
  },
  {
    figure: 'submit → IDLE notice → FETCH, p50 / p99',
    measure: async (target) => {
      const { p50, p99 } = await latency(target, 1000)
      return `${ms(p50)} / ${ms(p99)}`
    },
    aim: '≤ 3 / 8 ms',
  },
  ...(
    [
      [1, 450, 1500],
      [4, 900, 500],
      [16, 1300, 200],
    ] as const
  ).map(([senders, aim, each]) => ({
    figure: `accepted and delivered, ${senders} sender${senders > 1 ? 's' : ''}; CPU each`,
    measure: async (target: Target) => {
      await throughput(target, 'warm', senders, 50)
      const { perSecond, cpuMs } = await throughput(target, 'measured', senders, each)
      return `${perSecond.toFixed(0)}/s; ${ms(cpuMs)}`
    },
    aim: `≥ ${aim}/s; ≤ 1.2 ms`,
  })),
  {
    figure: 'CPU of TCP+TLS+LOGIN+SELECT+LOGOUT',
    measure: async (target) => ms((await logins(target, 500)).cpuMs),
    aim: '≤ 1 ms',
  },
  {
    figure: '1000 messages: headers / one body, p50',
    measure: async (target) => {
      const { headersMs, bodyP50Ms } = await prefetch(target)
      return `${ms(headersMs)} / ${ms(bodyP50Ms)}`
    },
    aim: '≤ 13 / 0.28 ms',
  },
  {
    figure: 'idle IMAP TLS session, of 1000; left after close',
    measure: async (target) => {
      const { kibEach, kibEachAfter } = await idleSessions(target, 1000)
      return `${kibEach.toFixed(0)} KiB; ${kibEachAfter.toFixed(0)} KiB`
    },
    aim: '≤ 40 KB; given back',
  },
]

/** Limits out of the way: the load is what is measured, not its refusal. */
const unlimited = { ...testMailConfig().limits, sendPerMinute: 10_000_000, sendBurst: 1_000_000 }

const run = async ({ measure }: Row): Promise<string> => {
  const mail = await MailProcess.start({ config: { limits: unlimited } })
  try {
    return await measure({
      imapPort: mail.ports.imaps,
      smtpPort: mail.ports.submissions,
      domain: testDomain,
      pids: pidsOf(mail.pid),
    })
  } finally {
    await mail.stop()
  }
}

const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Linux ${release()}, Node ${process.version}, commit ${execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim()}`

const line = (cells: readonly string[]): string =>
  `| ${cells.map((cell, i) => cell.padEnd([52, 24, 20][i]!)).join(' | ')} |`

const chosen = process.argv[2]
console.log(machine())
console.log(line(['figure', 'measured', 'aim']))
console.log(line(['---', '---', '---']))
for (const row of rows.filter(({ figure }) => !chosen || figure.includes(chosen)))
  console.log(line([row.figure, await run(row), row.aim]))
