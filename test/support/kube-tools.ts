/** Kubernetes programs for tests: those that `hack/cluster/build.sh` has built, else those of the system. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir } from './cluster/missing.ts'
import { findProgram } from './oracle.ts'

/** The program's path, or null where there is none. */
export const findKubeTool = (name: string): string | null => {
  const built = join(cacheDir(), 'bin', name)
  return existsSync(built) ? built : findProgram(name)
}

/** For `test(name, { skip: missingKubeTool('helm') }, …)`: false when it is there. @throws with CI=true when it is not */
export const missingKubeTool = (name: string): string | false => {
  if (findKubeTool(name)) return false
  const reason = `${name} is missing: hack/cluster/build.sh builds it`
  if (process.env.CI === 'true') throw new Error(reason)
  return reason
}
