/**
 * Takes a cluster down when this process ends, however it ends: the shell on the other end of a pipe notices, and runs
 * `down.sh`.
 */
import { spawn } from 'node:child_process'

export type Leash = {
  /** Resolves when nothing of the cluster is left. @throws Error with what `down.sh` said */
  letGo: () => Promise<void>
}

export const leash = (downScript: string, env: Readonly<Record<string, string | undefined>>): Leash => {
  const shell = spawn('bash', ['-c', 'cat >/dev/null; exec "$0"', downScript], {
    env,
    // A Ctrl-C ends the tests and not this.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  shell.unref()
  const pipe = shell.stdin as typeof shell.stdin & { unref(): void }
  pipe.unref()
  const ended = new Promise<number | null>((resolve) => shell.once('exit', resolve))
  return {
    letGo: async () => {
      shell.ref()
      shell.stdin.end()
      const code = await ended
      if (code !== 0) throw new Error(`down.sh ended with ${code}`)
    },
  }
}
