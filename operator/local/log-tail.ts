/** The last failure that a workload has logged, for a person whose server does not start. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const tailBytes = 16384

const tail = (path: string): string => {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const buffer = Buffer.alloc(Math.min(size, tailBytes))
    readSync(file, buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString()
  } finally {
    closeSync(file)
  }
}

const reasonOf = (line: string): string | null => {
  try {
    const { level, reason, err, msg } = JSON.parse(line)
    return level === 'fatal' || level === 'error' ? String(reason ?? err?.message ?? msg) : null
  } catch {
    return null
  }
}

/** Its words: the last failure's reason, else the last line that is no JSON; empty where there is nothing. */
export const lastFailure = (path: string): string => {
  try {
    const lines = tail(path).trimEnd().split('\n').reverse()
    return lines.map(reasonOf).find((reason) => reason !== null) ?? lines.find((line) => !line.startsWith('{')) ?? ''
  } catch {
    return ''
  }
}
