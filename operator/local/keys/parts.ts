/** The TURN keys of a local server: where they lie, who is asked for them, and who is told. */
import { mountedFiles } from '../../../workloads/contract/mounts.ts'
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { names } from '../../render/names.ts'
import { managementPort } from '../../render/ports.ts'
import type { Layout } from '../data/layout.ts'
import { SecretFolder } from '../data/secrets.ts'
import type { Surroundings } from '../gather.ts'
import { applyAll, type LocalServer } from '../server.ts'
import { loadedDigest } from '../state.ts'
import { readRequests } from './requests.ts'
import { writeKeysState } from './state.ts'
import type { KeyParts, LoadedRings } from './step.ts'

/** What there is before any process runs. */
export type KeptKeys = Omit<KeyParts, 'loaded' | 'apply'>

export const keptKeys = (
  server: ChatmailServer,
  dirs: Layout,
  { now, random }: Surroundings,
  progress: (line: string) => void,
): KeptKeys => {
  const secrets = new SecretFolder(dirs)
  const [name, file] = [names.keyring(server), mountedFiles.keyring]
  let generation = 0
  return {
    server,
    ring: { read: () => secrets.read(name, file), write: (text) => secrets.write(name, file, text) },
    requests: () => readRequests(dirs),
    tell: (state) => {
      const news = generation > 0 && state.generation !== generation
      generation = state.generation
      writeKeysState(dirs, state)
      if (news) progress(`Keys for calls: ${state.message}`)
    },
    now,
    random,
  }
}

const loadedRings = async ({ server, facts }: LocalServer): Promise<LoadedRings> => {
  const { managementAddress, managementToken } = facts
  const digestIn = (workload: 'turn' | 'mail') =>
    loadedDigest(managementAddress, managementPort(server, 'local', workload), managementToken, mountedFiles.keyring)
  const [turn, mail] = await Promise.all([
    server.spec.turn.enabled ? Promise.all([digestIn('turn')]) : [],
    Promise.all([digestIn('mail')]),
  ])
  return { turn, mail }
}

/** With the processes of a server that runs. */
export const runningKeys = (kept: KeptKeys, local: LocalServer): KeyParts => ({
  ...kept,
  loaded: () => loadedRings(local),
  apply: (text) => {
    local.facts.keyring = text
    return applyAll(local)
  },
})
