/** Secrets of a local server: one folder a Secret, one file a key, for the owner's eyes. Made once and kept. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Layout } from './layout.ts'

/** The text, or null where there is no such file. */
export const readIfThere = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const syncFolder = (path: string): void => {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Writes a file so that it is there whole or not at all, on disk, readable by its owner. */
export const writePrivate = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const next = `${path}.next`
  const file = openSync(next, 'w', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(next, path)
  syncFolder(dirname(path))
}

export class SecretFolder {
  #layout: Layout

  constructor(layout: Layout) {
    this.#layout = layout
  }

  read(name: string, key: string): string | null {
    return readIfThere(this.path(name, key))
  }

  path(name: string, key: string): string {
    return join(this.#layout.secret(name), key)
  }

  write(name: string, key: string, text: string): void {
    writePrivate(this.path(name, key), text)
  }

  /** What is kept, or what `make` returns, kept from now on. */
  keep(name: string, key: string, make: () => string): string {
    const kept = this.read(name, key)
    if (kept !== null) return kept
    const text = make()
    this.write(name, key, text)
    return text
  }
}
