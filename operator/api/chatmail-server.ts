/** The ChatmailServer resource: schema, types, and reading one from what a person wrote. */
import { z } from 'zod'
import { type Problem, problems } from '../../workloads/contract/problems.ts'
import { serverName } from './names.ts'
import { spec } from './spec/spec.ts'

export const group = 'chatmail.dev'
export const version = 'v1alpha1'
export const apiVersion = `${group}/${version}`
export const kind = 'ChatmailServer'

export const chatmailServer = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal(kind),
  metadata: z.looseObject({
    name: serverName,
    namespace: z.string().min(1).max(63).default('default'),
    annotations: z.record(z.string(), z.string('text; put numbers and dates into quotes')).optional(),
  }),
  spec,
  status: z.looseObject({}).optional(),
})

export type ChatmailServer = z.output<typeof chatmailServer>
export type ChatmailServerSpec = ChatmailServer['spec']

export type Parsed = { ok: true; server: ChatmailServer } | { ok: false; problems: Problem[] }

/** `input` with all defaults filled in, or everything that is wrong with it. */
export const parseServer = (input: unknown): Parsed => {
  const result = chatmailServer.safeParse(input)
  return result.success ? { ok: true, server: result.data } : { ok: false, problems: problems(result.error, input) }
}

const without = (input: unknown, path: readonly PropertyKey[], keys: readonly string[]): void => {
  const holder = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], input)
  for (const key of keys) delete (holder as Record<string, unknown>)[key]
}

/**
 * The same for a resource that the API server holds. It has checked it against its own definition, which may be newer than
 * this program for the length of an upgrade: fields that are not known here are left out instead of refused.
 */
export const parseStoredServer = (input: unknown): Parsed => {
  const { success, data, error } = chatmailServer.safeParse(input)
  if (success) return { ok: true, server: data }
  const copy = structuredClone(input)
  for (const issue of error.issues) if (issue.code === 'unrecognized_keys') without(copy, issue.path, issue.keys)
  return parseServer(copy)
}
