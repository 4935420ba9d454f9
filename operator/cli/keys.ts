/** The command `keys`: where the TURN keys of a server on this machine stand, and asking for a new one. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from '../../workloads/contract/exit-codes.ts'
import { StartError } from '../../workloads/contract/start-error.ts'
import { type Layout, layout } from '../local/data/layout.ts'
import { isHeld } from '../local/data/lock.ts'
import { writeRequest } from '../local/keys/requests.ts'
import { type KeysState, readKeysState } from '../local/keys/state.ts'
import type { RequestKind } from '../turnkeys/rotation.ts'
import type { CommandContext } from './context.ts'

export type KeysFlags = { dataDir: string; output: 'human' | 'json' }

const lookMs = 50
/** A server takes a request over within a second, and its processes the new key within another. */
const patienceMs = 15_000

/** @throws StartError where there is no server's data */
const dataFolder = ({ dataDir }: KeysFlags): Layout => {
  const dirs = layout(resolve(dataDir))
  if (existsSync(dirs.secrets)) return dirs
  throw new StartError(
    `--data-dir ${dataDir}: no data of a server lies there. Give the folder that \`chatmail up\` names when it starts, such as chatmail-data/local.`,
    exitCodes.unavailable,
  )
}

const human = ({ message, signingKeyId, since, oldKeyUntil, nextRotation, open }: KeysState): string =>
  [
    message,
    ...(open.length ? ['Another one was asked for: it is made once the rotation that runs has come to its end.'] : []),
    `Signing key    ${signingKeyId}, since ${since}`,
    ...(oldKeyUntil ? [`Old key until  ${oldKeyUntil}`] : []),
    `Next rotation  ${nextRotation}`,
    '',
  ].join('\n')

const print = (state: KeysState, { output }: KeysFlags, { stdout }: CommandContext): void => {
  stdout.write(output === 'json' ? `${JSON.stringify(state)}\n` : human(state))
}

/** Resolves to the exit code. @throws StartError */
export const runKeys = async (flags: KeysFlags, context: CommandContext): Promise<number> => {
  const state = readKeysState(dataFolder(flags))
  if (!state)
    throw new StartError(
      `${flags.dataDir}: no server of this version has run here yet. Start it once with \`chatmail up\`.`,
      exitCodes.unavailable,
    )
  print(state, flags, context)
  return exitCodes.ok
}

/** What the server says once it has seen the request and no process is waited for; its last word when patience ends. */
const untilAnswered = async (dirs: Layout, kind: RequestKind, request: string): Promise<KeysState | null> => {
  for (const deadline = performance.now() + patienceMs; ; await sleep(lookMs)) {
    const state = readKeysState(dirs)
    const seen = state?.requests[kind] === request
    if (seen && state.phase !== 'Introducing') return state
    if (performance.now() > deadline) return seen ? state : null
  }
}

/** Resolves to the exit code. @throws StartError */
export const runKeyRequest = async (kind: RequestKind, flags: KeysFlags, context: CommandContext): Promise<number> => {
  const dirs = dataFolder(flags)
  const request = randomUUID()
  writeRequest(dirs, kind, request)
  if (!isHeld(dirs)) {
    context.stderr.write('No server runs on this folder: the next start makes the new key.\n')
    return exitCodes.ok
  }
  const state = await untilAnswered(dirs, kind, request)
  if (!state)
    throw new StartError(
      `The server on ${flags.dataDir} has not answered yet. The request is kept: it is answered as soon as the server looks, or at its next start.`,
      exitCodes.unavailable,
    )
  print(state, flags, context)
  return exitCodes.ok
}
