/** The command line, made from the command table. */
import { CommanderError, Command as Program } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { exitCodes } from '../../workloads/contract/exit-codes.ts'
import { StartError } from '../../workloads/contract/start-error.ts'
import { type Command, commands } from './commands.ts'
import type { CommandContext } from './context.ts'

const examplesText = (examples: readonly string[]): string =>
  `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}\n`

const add = (
  program: Program,
  command: Command,
  run: (work: Promise<number>) => void,
  context: CommandContext,
): void => {
  const child = program.command(command.name).description(command.summary).allowExcessArguments(false)
  for (const option of command.options()) child.addOption(option)
  child.addHelpText('after', examplesText(command.examples))
  child.action((flags) => run(command.run(flags as never, context)))
}

const build = (context: CommandContext, run: (work: Promise<number>) => void): Program => {
  const program = new Program('chatmail')
    .description('A chatmail server for Delta Chat: in Kubernetes by its operator, or on this machine.')
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('after', examplesText(commands.map(({ examples }) => examples[0]!).slice(0, 2)))
  for (const command of commands) add(program, command, run, context)
  return program
}

const failed = (error: unknown, { stderr }: CommandContext): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (!(error instanceof StartError)) throw error
  stderr.write(`${error.message}\n`)
  return error.exitCode
}

/** Runs the command that `words` say; resolves to the exit code. Throws only for a defect of this program. */
export const runCommand = async (words: readonly string[], context: CommandContext): Promise<number> => {
  let work: Promise<number> = Promise.resolve(exitCodes.ok)
  try {
    build(context, (started) => {
      work = started
    }).parse([...words], { from: 'user' })
    return await work
  } catch (error) {
    return failed(error, context)
  }
}
