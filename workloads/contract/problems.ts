/**
 * What is wrong with a file that a person wrote: the field's path, what was found, what is allowed.
 */
import type { z } from 'zod'

export type Problem = { path: string; found: string; allowed: string }

type Path = readonly PropertyKey[]

const render = (path: Path): string =>
  path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
    '',
  ) || '(the whole file)'

const valueAt = (input: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], input)

const show = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

const unknownKeys = (issue: z.core.$ZodIssueUnrecognizedKeys): Problem[] =>
  issue.keys.map((key) => ({
    path: render([...issue.path, key]),
    found: 'an unknown field',
    allowed: 'remove it or correct its name',
  }))

const describe = (issue: z.core.$ZodIssue, input: unknown): Problem[] =>
  issue.code === 'unrecognized_keys'
    ? unknownKeys(issue)
    : [{ path: render(issue.path), found: show(valueAt(input, issue.path)), allowed: issue.message }]

/** Every problem of a failed parse, in the order of the file. `input` is what was parsed. */
export const problems = (error: z.ZodError, input: unknown): Problem[] =>
  error.issues.flatMap((issue) => describe(issue, input))

/** One line for one problem. */
export const problemLine = ({ path, found, allowed }: Problem): string => `${path}: found ${found}; allowed: ${allowed}`
