/** The TURN keys of a local server from its start to its end. */
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { mountedFiles } from '../../../workloads/contract/mounts.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import { names } from '../../render/names.ts'
import { requestsIn } from '../../turnkeys/policy.ts'
import { UnreadableKeyring } from '../../turnkeys/step.ts'
import type { Layout } from '../data/layout.ts'
import { SecretFolder } from '../data/secrets.ts'
import type { LocalServer } from '../server.ts'
import { KeyKeeper } from './keeper.ts'
import { type KeptKeys, runningKeys } from './parts.ts'
import { takeAnnotations, watchRequests } from './requests.ts'
import { settleKeys } from './step.ts'

/** The ring that every process starts with; what the manifest asks for is in it. @throws StartError */
export const startingRing = async (keys: KeptKeys, dirs: Layout): Promise<string> => {
  takeAnnotations(dirs, requestsIn(keys.server.metadata.annotations))
  try {
    return await settleKeys(keys)
  } catch (error) {
    if (!(error instanceof UnreadableKeyring)) throw error
    const path = new SecretFolder(dirs).path(names.keyring(keys.server), mountedFiles.keyring)
    throw new StartError(
      `${path}: not a key ring. Put it back, or remove it: a new key is made, and clients get it at their next login.`,
      exitCodes.config,
    )
  }
}

/** Looks after the keys of a server that runs, until the returned function is called. */
export const followKeys = (keys: KeptKeys, local: LocalServer, dirs: Layout): (() => Promise<void>) => {
  const keeper = new KeyKeeper(runningKeys(keys, local), ({ message }) =>
    local.progress(`The keys for calls stay as they are for now: ${message}`),
  )
  const unwatch = watchRequests(dirs, () => keeper.wake())
  keeper.start()
  return () => {
    unwatch()
    return keeper.stop()
  }
}
