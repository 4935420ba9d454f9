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
  const own = new Set([layout.lock, layout.holder].map((path) => basename(path)))
  return () => {
    // While the lock is held: from then on the files are those of whoever has it next.
    const untouched = created && readdirSync(layout.root).every((name) => own.has(name))
    if (untouched) rmSync(layout.lock)
    unlock()
    if (untouched) removeEmpty(layout.root, created)
  }
}
