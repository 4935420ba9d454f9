/** Kubernetes programs for tests: from the cache that `hack/cluster/build.sh` fills, else from the system. */
import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './oracle.ts'

const cacheFolder = (): string =>
  process.env.KUBE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'chatmail-kube')

/** The program's path, or null where there is none. */
export const findKubeTool = (name: string): string | null => {
  const cached = join(cacheFolder(), 'bin', name)
  try {
    accessSync(cached, constants.X_OK)
    return cached
  } catch {
    return findProgram(name)
  }
}

/** For `test(name, { skip: missingKubeTool('helm') }, …)`: false when it is there. @throws with CI=true when it is not */
export const missingKubeTool = (name: string): string | false => {
  if (findKubeTool(name)) return false
  const reason = `${name} is missing: hack/cluster/build.sh builds it`
  if (process.env.CI === 'true') throw new Error(reason)
  return reason
}
