/** The command `turn page`: a page for a call between two windows of a browser, until it is told to stop. */
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import type { CommandContext } from '../context.ts'
import { credentialsOf, type HostPort, secretFrom } from './credential.ts'
import { parts } from './parts.ts'

export type TurnPageFlags = { server: HostPort; secretFile: string; port: number }

/** Resolves to the exit code. @throws StartError */
export const runTurnPage = async (
  { server, secretFile, port }: TurnPageFlags,
  { stdout, onStop }: CommandContext,
): Promise<number> => {
  const { servePage } = await parts.page()
  const secret = secretFrom(secretFile)
  const host = server.host.includes(':') ? `[${server.host}]` : server.host
  const iceServer = () => {
    const { username, password } = credentialsOf(secret, Date.now() / 1000).usual
    return { urls: [`turn:${host}:${server.port}?transport=udp`], username, credential: password }
  }
  const page = await servePage({ port, iceServer }).catch((error: Error) => {
    throw new StartError(`the page cannot be served: ${error.message}`, exitCodes.unavailable)
  })
  stdout.write(`Open ${page.url} in a browser; the page opens its other side. Ctrl-C ends it.\n`)
  await new Promise<void>((resolve) => onStop(() => resolve()))
  page.close()
  return exitCodes.ok
}
