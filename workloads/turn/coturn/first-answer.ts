/** Whether a coturn that was just started serves: an Allocate with a credential of the ring, as its clients do it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { turnCredential } from '../../contract/credential.ts'
import { exitCodes } from '../../contract/exit-codes.ts'
import { type Keyring, signingKey } from '../../contract/keyring.ts'
import { StartError } from '../../contract/start-error.ts'
import type { ServerAddresses } from '../address/machine.ts'
import { TurnClient, TurnError } from '../client/client.ts'

const deadlineMs = 15_000
const attemptMs = 1000
const againMs = 50
/** Seconds for which the credential is valid. */
const credentialLife = 60

/** Where a socket that is bound to every address is reached from here. */
const reachable: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Nobody listens on the port yet, or the key was replaced meanwhile. */
const passing = new Set(['ECONNREFUSED', 'TIMEOUT', '401'])

/** The code that an Allocate ended with; null where it succeeded. */
const attempt = async (
  { listen, relay }: ServerAddresses,
  port: number,
  keyring: Keyring,
  over: AbortSignal,
): Promise<string | null> => {
  const address = reachable[listen[0]!] ?? listen[0]!
  const credential = turnCredential(signingKey(keyring).secret, Math.floor(Date.now() / 1000) + credentialLife)
  const signal = AbortSignal.any([over, AbortSignal.timeout(attemptMs)])
  let client: TurnClient | undefined
  try {
    client = await TurnClient.connect({ protocol: 'udp', address, port, credential, signal })
    await client.allocate(relay[4] === null ? 6 : 4)
    return null
  } catch (error) {
    if (error instanceof TurnError) return error.code
    throw error
  } finally {
    await client?.release()
  }
}

const failure = (code: string): StartError =>
  new StartError(
    code === '401'
      ? 'coturn does not take the keys: it must be built with SQLite, as that of Debian'
      : `coturn does not serve: an Allocate ends with ${code}`,
    exitCodes.unavailable,
  )

/**
 * Resolves once coturn serves, or when there is no `keyring` to serve with any more; it may change meanwhile.
 * @throws StartError when it does not serve, or does not take the keys
 */
export const untilCoturnServes = async (
  addresses: ServerAddresses,
  port: number,
  keyring: () => Keyring | null,
): Promise<void> => {
  const over = AbortSignal.timeout(deadlineMs)
  for (let ring = keyring(); ring; ring = keyring()) {
    const code = await attempt(addresses, port, ring, over)
    if (code === null) return
    if (!passing.has(code) || over.aborted) throw failure(code)
    await sleep(againMs)
  }
}
