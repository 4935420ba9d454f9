/**
 * What a server's processes have used, read from /proc (proc_pid_stat(5), proc_pid_smaps(5)). A control group would count
 * exactly too, but it needs root and a writable hierarchy, and containers have neither; this works for every server alike.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** Processes come and go while they are looked at: what has gone reads as nothing. */
const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const tasks = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

const children = (pid: number): number[] =>
  tasks(pid).flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number))

/** The process and all below it. */
export const processTree = (pid: number): number[] => [pid, ...children(pid).flatMap(processTree)]

/** Length of the kernel's clock tick as user space sees it (USER_HZ), in milliseconds. */
const tickMs = 10

/** Places of utime, stime, cutime and cstime in `stat`, counted from behind the name, which may hold anything. */
const statPlaces = { own: [11, 12], reaped: [13, 14] } as const

const livingThreadsMs = (pid: number): number =>
  tasks(pid).reduce((sum, task) => sum + Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0]), 0) / 1e6

/**
 * `schedstat` has nanoseconds, but of living threads; `stat` has ticks, of the dead ones too. And what a daemon's short-lived
 * children used is added to `cutime` and `cstime` of their parent when it reaps them, which is how none is missed.
 */
const processMs = (pid: number): number => {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = (places: readonly number[]) => places.reduce((sum, place) => sum + Number(fields[place] ?? 0), 0)
  return Math.max(livingThreadsMs(pid), ticks(statPlaces.own) * tickMs) + ticks(statPlaces.reaped) * tickMs
}

/** CPU time that these processes and the children they have reaped have used so far, in milliseconds. */
export const cpuMs = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + processMs(pid), 0)

const field = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0)

/**
 * Memory in KiB. Pages that several processes share are counted once (Pss). A server of one process counts whole (Rss):
 * what it shares here, it shares with the load generator, which runs the same Node.
 */
export const memoryKiB = (pids: readonly number[]): number =>
  pids.length === 1
    ? field(read(`/proc/${pids[0]}/status`), 'VmRSS')
    : pids.reduce((sum, pid) => sum + field(read(`/proc/${pid}/smaps_rollup`), 'Pss'), 0)
