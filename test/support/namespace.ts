/**
 * Running a script in a network of its own, with nothing but loopback: what it starts can neither be reached from outside
 * nor look anybody up there. The network is gone with its last process.
 */
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { findProgram } from './oracle.ts'

export type Namespace = {
  /**
   * False: UDP has no route, so that two endpoints of Iroh cannot find a direct path, which is always UDP. TCP has.
   */
  udp: boolean
}

/** The table of local addresses is looked at first unless told otherwise; here after the rule that UDP goes nowhere. */
const withoutUdp = [
  'for family in -4 -6; do',
  'ip $family rule add pref 100 lookup local',
  'ip $family rule del pref 0',
  'ip $family rule add pref 10 ipproto udp unreachable',
  'done',
].join('\n')

const setup = ({ udp }: Namespace): string => `set -e\nip link set lo up\n${udp ? '' : withoutUdp}\nexec "$@"`

/** With process numbers of its own, too: with its first process everything ends that was started in it. */
const words = (namespace: Namespace, command: readonly string[]): string[] => [
  '--net',
  '--pid',
  '--fork',
  '--mount-proc',
  '--kill-child',
  'sh',
  '-c',
  setup(namespace),
  'sh',
  ...command,
]

/** Below the time that the test runner gives to a file. */
const timeoutMs = 110_000

const reason = (): string | null => {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  const program = ['unshare', 'ip'].find((name) => !findProgram(name))
  if (program) return `${program} is missing: hack/provision installs it`
  const { status } = spawnSync('unshare', words({ udp: false }, ['true']), { stdio: 'ignore' })
  return status === 0 ? null : 'this user may not make a network namespace'
}

/** For `test(name, { skip: namespaceMissing() }, …)`: false when all is there. @throws with CI=true when it is not */
export const namespaceMissing = (): string | false => {
  const missing = reason()
  if (missing && process.env.CI === 'true') throw new Error(missing)
  return missing ?? false
}

/** Runs a script of this folder's project in a network of its own. @throws Error with its output when it fails */
export const runInNamespace = (namespace: Namespace, script: string, args: readonly string[] = []): Promise<string> =>
  new Promise((resolve, reject) => {
    const command = [process.execPath, script, ...args]
    const child = spawn('unshare', words(namespace, command), {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    })
    const tooLong = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    child.once('error', reject).once('exit', (code, signal) => {
      clearTimeout(tooLong)
      if (code === 0) resolve(output)
      else reject(new Error(`${script} ended with ${code ?? signal}:\n${output}`))
    })
  })
