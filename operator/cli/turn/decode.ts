/** The command `turn decode`: what is in a capture. */
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import type { CommandContext } from '../context.ts'
import { parts } from './parts.ts'

export type TurnDecodeFlags = { file: string }

/** False when who reads has gone, as `head` does. */
const lineWriter = (stdout: NodeJS.WriteStream): ((line: string) => Promise<boolean>) => {
  let gone = false
  stdout.on('error', () => {
    gone = true
  })
  return async (line) => {
    if (!gone && !stdout.write(`${line}\n`)) await once(stdout, 'drain').catch(() => undefined)
    return !gone
  }
}

/** What is said of the capture goes to standard error, what is in it to standard output. @throws StartError */
export const runTurnDecode = async (
  { file }: TurnDecodeFlags,
  { stdin, stdout, stderr }: CommandContext,
): Promise<number> => {
  const { decodeCapture } = await parts.decode()
  const chunks = file === '-' ? stdin : createReadStream(file)
  const write = lineWriter(stdout)
  try {
    for await (const line of decodeCapture(chunks, (text) => void stderr.write(`${text}\n`)))
      if (!(await write(line))) break
    return exitCodes.ok
  } catch (error) {
    throw new StartError(`${file}: ${(error as Error).message}`, exitCodes.config)
  }
}
