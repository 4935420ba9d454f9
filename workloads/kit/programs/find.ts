/** Programs of the system. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const executable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The program's path, or null where none is; `searchPath` is the PATH of an environment. */
export const findProgram = (name: string, searchPath = ''): string | null =>
  searchPath
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(executable) ?? null
