/** What a process has used, read from /proc. */
import { readdirSync, readFileSync } from 'node:fs'

const children = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )

/** The process and all below it. */
export const processTree = (pid: number): number[] => [pid, ...children(pid).flatMap(processTree)]

const threadNanoseconds = (pid: number, task: string): number =>
  Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])

/** CPU time of all living threads, in milliseconds. */
export const cpuMs = (pids: readonly number[]): number =>
  pids.reduce(
    (sum, pid) => sum + readdirSync(`/proc/${pid}/task`).reduce((each, task) => each + threadNanoseconds(pid, task), 0),
    0,
  ) / 1e6

const statusField = (pid: number, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)

/** Resident memory, in KiB. */
export const residentKiB = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + statusField(pid, 'VmRSS'), 0)
