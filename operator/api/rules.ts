/**
 * Rules over several fields. Each is written twice, as CEL for the API server and as a predicate for everything else,
 * side by side so that they stay the same; a test evaluates both on the same resources.
 */
import { z } from 'zod'

export type Rule<T> = {
  /** CEL over `self`; comparisons, `size`, `has`, `isIP` and `isCIDR` alone, so that the test can evaluate it. */
  cel: string
  /** What is allowed, for a person. */
  message: string
  /** The field that the error points at, below the object that has the rule; empty: the object itself. */
  field: readonly string[]
  holds: (self: T) => boolean
}

/** A rule over an update, which only the API server sees: CEL over `self` and `oldSelf`. */
export type TransitionRule = { cel: string; message: string }

export type Validation = { rule: string; message: string; fieldPath?: string }

const validation = ({ cel, message, field }: Rule<never>): Validation => ({
  rule: cel,
  message,
  ...(field.length ? { fieldPath: `.${field.join('.')}` } : {}),
})

/** What the generated CRD says for rules. */
export const validations = (
  rules: readonly Rule<never>[],
  transitions: readonly TransitionRule[] = [],
): { 'x-kubernetes-validations'?: Validation[] } => {
  const all = [...rules.map(validation), ...transitions.map(({ cel, message }) => ({ rule: cel, message }))]
  return all.length ? { 'x-kubernetes-validations': all } : {}
}

const check =
  <T>(rules: readonly Rule<T>[]) =>
  (value: T, context: z.RefinementCtx): void => {
    for (const rule of rules)
      if (!rule.holds(value))
        context.addIssue({ code: 'custom', path: [...rule.field], message: rule.message, input: value })
  }

/** An object whose fields all have defaults, so that it can be left out; `rules` are checked here and told in the CRD. */
export const section = <S extends z.ZodRawShape>(
  description: string,
  shape: S,
  rules: readonly Rule<z.output<z.ZodObject<S>>>[] = [],
) => {
  const object = z.strictObject(shape)
  return object
    .superRefine(check(rules as readonly Rule<z.output<typeof object>>[]))
    .prefault({} as z.input<typeof object>)
    .meta({ description, ...validations(rules as readonly Rule<never>[]) })
}

/** The same for an object that has to be given. */
export const requiredSection = <S extends z.ZodRawShape>(
  description: string,
  shape: S,
  rules: readonly Rule<z.output<z.ZodObject<S>>>[],
  transitions: readonly TransitionRule[] = [],
) => {
  const object = z.strictObject(shape)
  return object
    .superRefine(check(rules as readonly Rule<z.output<typeof object>>[]))
    .meta({ description, ...validations(rules as readonly Rule<never>[], transitions) })
}

/** A map of at most `maxProperties` entries, told in the CRD. */
export const boundedMap = (value: z.ZodString, maxProperties: number) =>
  z
    .record(z.string().max(317), value)
    .refine((map) => Object.keys(map).length <= maxProperties, `at most ${maxProperties} entries`)
    .meta({ maxProperties })
