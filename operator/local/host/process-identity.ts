/** Which process a number means: numbers are used again, so its start time is part of who it is. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export type ProcessIdentity = { pid: number; startTime: string }

/** Field 22 of /proc/PID/stat (proc(5)), ticks since boot, with the boot's id; the name in field 2 may hold anything. */
const fromProc = (pid: number): string => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z') throw new Error('a zombie')
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}/${fields[19]}`
}

const fromPs = (pid: number): string =>
  execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()

/** When the process with this number began, in a form to compare; null where there is none. */
export const startTime = (pid: number): string | null => {
  try {
    return process.platform === 'linux' ? fromProc(pid) : fromPs(pid) || null
  } catch {
    return null
  }
}

/** True while the very process runs. */
export const isRunning = ({ pid, startTime: began }: ProcessIdentity): boolean => startTime(pid) === began
