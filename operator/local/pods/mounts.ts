/**
 * The mounts folder of a pod as the kubelet makes it: the files lie in a folder of their own, `..data` links there, and
 * each name links into `..data`. Renaming that one link replaces all files at once.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'

const current = '..data'
const next = '..data_tmp'

const linked = (dir: string): string | null => {
  try {
    return readlinkSync(join(dir, current))
  } catch {
    return null
  }
}

const linkNames = (dir: string, names: Iterable<string>): void => {
  const wanted = new Set(names)
  const there = readdirSync(dir).filter((name) => !name.startsWith('..'))
  for (const name of there) if (!wanted.delete(name)) rmSync(join(dir, name), { force: true })
  for (const name of wanted) symlinkSync(join(current, name), join(dir, name))
}

/** Puts `files` in force in `dir`, all at once. Names hold no `/` and do not begin with `..`. */
export const writeMounts = (dir: string, files: ReadonlyMap<string, string>): void => {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const before = linked(dir)
  const version = mkdtempSync(`${dir}/..`)
  for (const [name, content] of files) writeFileSync(join(version, name), content, { mode: 0o400 })
  rmSync(join(dir, next), { force: true })
  symlinkSync(basename(version), join(dir, next))
  renameSync(join(dir, next), join(dir, current))
  linkNames(dir, files.keys())
  if (before) rmSync(join(dir, before), { recursive: true, force: true })
}

export const sameFiles = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([name, content]) => b.get(name) === content)
