/** Taking a data folder for this process, and giving it back as it was found when the start comes to nothing. */
import { mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Layout } from './layout.ts'
import { lock } from './lock.ts'

/** Removes `path` and its parents up to `first` as long as they are empty. */
const removeEmpty = (path: string, first: string): void => {
  try {
    rmdirSync(path)
  } catch {
    return
  }
  if (path !== first) removeEmpty(dirname(path), first)
}

/** @throws StartError where another server has the folder */
export const takeFolder = (layout: Layout, pid: number): (() => void) => {
  const created = mkdirSync(layout.root, { recursive: true, mode: 0o700 })
  const unlock = lock(layout, pid)
  return () => {
    unlock()
    if (!created || readdirSync(layout.root).some((name) => name !== basename(layout.lock))) return
    rmSync(layout.lock)
    removeEmpty(layout.root, created)
  }
}
