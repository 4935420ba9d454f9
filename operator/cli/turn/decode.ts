/** The command `turn decode`: what is in a capture. */
import { readFileSync } from 'node:fs'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import type { CommandContext } from '../context.ts'

export type TurnDecodeFlags = { file: string }

/** What the command needs of the workload. */
export type Decoder = { decodeCapture: (bytes: Buffer) => Iterable<string> }

const standardInput = 0

/** Resolves to the exit code. @throws StartError */
export const runTurnDecode = async (
  { file }: TurnDecodeFlags,
  { stdout }: CommandContext,
  { decodeCapture }: Decoder,
): Promise<number> => {
  try {
    for (const line of decodeCapture(readFileSync(file === '-' ? standardInput : file))) stdout.write(`${line}\n`)
    return exitCodes.ok
  } catch (error) {
    throw new StartError(`${file}: ${(error as Error).message}`, exitCodes.config)
  }
}
