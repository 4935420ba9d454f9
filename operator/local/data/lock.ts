/**
 * One server per data folder. The lock is SQLite's own file lock: the kernel drops it with the process, however that ends,
 * so that there is no stale lock to judge. The file stays: removing it could take it from under the next holder.
 */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import type { Layout } from './layout.ts'

const sqliteBusy = 5

const holderPid = (path: string): string => {
  try {
    return ` with process id ${JSON.parse(readFileSync(path, 'utf8')).pid}`
  } catch {
    return ''
  }
}

/** Takes the folder for this process; the returned function gives it back. @throws StartError where another has it */
export const lock = ({ lock: path, holder, root }: Layout, pid: number): (() => void) => {
  closeSync(openSync(path, 'a', 0o600))
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode !== sqliteBusy) throw error
    throw new StartError(
      `${root}: a server${holderPid(holder)} runs on this data folder already. Stop it first, or give another folder with --data-dir.`,
      exitCodes.unavailable,
    )
  }
  writeFileSync(holder, `${JSON.stringify({ pid })}\n`, { mode: 0o600 })
  return () => {
    rmSync(holder, { force: true })
    database.close()
  }
}
