/** What the command table consists of. */
import { Option } from 'commander'
import type { CommandContext } from './context.ts'

export type Command = {
  name: string
  summary: string
  options: () => Option[]
  examples: readonly string[]
  /** Resolves to the exit code; `flags` are what commander made of `options`. */
  run: (flags: never, context: CommandContext) => Promise<number>
  /** Commands below this one: `chatmail turn` runs, and so does `chatmail turn test`. */
  commands?: readonly Command[]
}

/** An option that must be given. */
export const required = (flags: string, description: string): Option =>
  new Option(flags, description).makeOptionMandatory()
