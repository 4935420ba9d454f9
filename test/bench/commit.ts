/** Which version of this project is measured. */
import { execFileSync } from 'node:child_process'

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: import.meta.dirname })
    .toString()
    .trim()

export const commit = (): string => {
  const changed = git('status', '--porcelain', '--', '../../workloads') === '' ? '' : ' with changes'
  return `commit ${git('rev-parse', '--short', 'HEAD')}${changed}`
}
