/** Whether this machine can run the cluster of the tests. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../oracle.ts'

/** Where `hack/cluster` and `hack/image` keep what they have built. */
export const cacheDir = (env = process.env): string =>
  env.KUBE_CACHE ?? join(env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), '.cache'), 'chatmail-kube')

const packaged = ['containerd', 'runc', 'nft', 'ip', 'nsenter', 'unshare', 'openssl', 'conntrack']
const built = ['kube-apiserver', 'etcd', 'kubelet', 'kubectl', 'coredns', 'helm']

const reason = (): string | null => {
  if (process.platform !== 'linux') return 'a cluster for tests needs Linux'
  if (process.getuid!() !== 0) return 'a cluster for tests needs root'
  const program = packaged.find((name) => !findProgram(name))
  if (program) return `${program} is missing: hack/provision cluster installs it`
  const unbuilt = built.find((name) => !existsSync(join(cacheDir(), 'bin', name)))
  return unbuilt ? `${unbuilt} is missing: hack/cluster/build.sh builds it` : null
}

/** For `test(name, { skip: clusterMissing() }, …)`: false when all is there. @throws with CI=true when it is not */
export const clusterMissing = (): string | false => {
  const missing = reason()
  if (missing && process.env.CI === 'true') throw new Error(missing)
  return missing ?? false
}
