/**
 * Tests that compare with a program of the system: skipped with the reason where it is missing, failed where `CI=true`
 * says that it must be there.
 */
import { findProgram as findIn } from '../../workloads/kit/programs/find.ts'

/** The program's path, or null where the system has none. */
export const findProgram = (name: string): string | null => findIn(name, process.env.PATH)

/** For `test(name, { skip: missing('turnutils_uclient') }, …)`: false when it is there. @throws with CI=true when it is not */
export const missing = (name: string): string | false => {
  if (findProgram(name)) return false
  if (process.env.CI === 'true') throw new Error(`${name} is missing: hack/provision installs it`)
  return `${name} is missing: hack/provision installs it`
}
