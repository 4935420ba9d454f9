/** The command line, made from the command table. */
import { CommanderError, type Option, Command as Program } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { exitCodes } from '../../workloads/contract/exit-codes.ts'
import { StartError } from '../../workloads/contract/start-error.ts'
import type { Command } from './command.ts'
import { commands } from './commands.ts'
import type { CommandContext } from './context.ts'

const examplesText = (examples: readonly string[]): string =>
  `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}\n`

type Run = (work: Promise<number>) => void

/** Checked here because commander would ask for a command's mandatory options at the commands below it too. */
const checkGiven = (program: Program, mandatory: readonly Option[]): void => {
  const missing = mandatory.find((option) => program.getOptionValue(option.attributeName()) === undefined)
  if (missing) program.error(`error: required option '${missing.flags}' not specified`)
}

const add = (program: Program, command: Command, run: Run, context: CommandContext): void => {
  const child = program.command(command.name).description(command.summary).allowExcessArguments(false)
  child.enablePositionalOptions()
  const options = command.options()
  const mandatory = options.filter((option) => option.mandatory)
  for (const option of options) child.addOption(option.makeOptionMandatory(false))
  child.addHelpText('after', examplesText(command.examples))
  child.action((flags) => {
    checkGiven(child, mandatory)
    run(command.run(flags as never, context))
  })
  for (const below of command.commands ?? []) add(child, below, run, context)
}

const build = (context: CommandContext, run: Run): Program => {
  const program = new Program('chatmail')
    .description('A chatmail server for Delta Chat: in Kubernetes by its operator, or on this machine.')
    .version(manifest.version)
    .exitOverride()
    // An option belongs to the command it follows, where that and the one above have one of the same name.
    .enablePositionalOptions()
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
