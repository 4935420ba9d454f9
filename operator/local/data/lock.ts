/**
 * One server per data folder. The lock is SQLite's own file lock: the kernel drops it with the process, however that ends,
 * so that there is no stale lock to judge. A holder may remove the file; who then has locked what is gone tries again.
 */
import { closeSync, fstatSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import { startTime } from '../host/process-identity.ts'
import type { Layout } from './layout.ts'

const sqliteBusy = 5

const holderPid = (path: string): number | null => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).pid
  } catch {
    return null
  }
}

/** Whether a server runs on the folder, without disturbing it. A note that was left behind may name another process. */
export const isHeld = ({ holder }: Layout): boolean => {
  const pid = holderPid(holder)
  return pid !== null && startTime(pid) !== null
}

const named = (pid: number | null): string => (pid === null ? '' : ` with process id ${pid}`)

/** The file is closed before the lock is taken: closing it drops every lock that this process has on it (fcntl(2)). */
const touch = (path: string): number => {
  const file = openSync(path, 'a', 0o600)
  try {
    return fstatSync(file).ino
  } finally {
    closeSync(file)
  }
}

/** The lock, or null where the file was removed in between and another may lie in its place. */
const acquire = (path: string): DatabaseSync | null => {
  const inode = touch(path)
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw error
  }
  if (statSync(path, { throwIfNoEntry: false })?.ino === inode) return database
  database.close()
  return null
}

const acquireUnlessBusy = (path: string): DatabaseSync | 'busy' => {
  try {
    return acquire(path) ?? acquireUnlessBusy(path)
  } catch (error) {
    if ((error as { errcode?: number }).errcode === sqliteBusy) return 'busy'
    throw error
  }
}

/** Takes the folder for this process; the returned function gives it back. @throws StartError where another has it */
export const lock = ({ lock: path, holder, root }: Layout, pid: number): (() => void) => {
  const database = acquireUnlessBusy(path)
  if (database === 'busy')
    throw new StartError(
      `${root}: a server${named(holderPid(holder))} runs on this data folder already. Stop it first, or give another folder with --data-dir.`,
      exitCodes.unavailable,
    )
  writeFileSync(holder, `${JSON.stringify({ pid })}\n`, { mode: 0o600 })
  return () => {
    rmSync(holder, { force: true })
    database.close()
  }
}
