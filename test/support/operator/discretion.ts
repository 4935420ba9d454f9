/** What operators have told in a run must not hold a secret, and its log no address. */
import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { serverResource } from '../../../operator/reconcile/resources.ts'
import { events } from '../../../operator/runtime/event.ts'
import type { OperatorBed } from './bed.ts'

/** Shorter ones are no secrets, as the number of a generation. */
const shortest = 20

const text = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(text) : []
}

/** The strings in a file: of JSON its values, of PEM its lines, else the whole. */
const strings = (file: string): string[] => {
  try {
    return text(JSON.parse(file))
  } catch {
    return file.split('\n').filter((line) => !line.startsWith('-----'))
  }
}

/** The name of a key is no secret. */
const keyName = /^k\d+(-[rx][0-9a-f]+)*$/

const secretParts = ({ kubelet }: OperatorBed): string[] =>
  [...kubelet.secretsSeen].flatMap(strings).filter((part) => part.length >= shortest && !keyName.test(part))

const assertNoSecret = (where: string, told: string, parts: readonly string[]): void => {
  for (const part of parts)
    for (const form of [part, Buffer.from(part).toString('base64')])
      assert.ok(!told.includes(form), `${where} hold a secret`)
}

const assertNoAddress = (line: string): void => {
  for (const word of line.match(/[0-9a-f:.]{7,}/gi) ?? []) assert.equal(isIP(word), 0, line)
  assert.doesNotMatch(line, /[\w.-]+@[\w-]+\.[\w.-]+/)
}

/** Sweeps statuses, events and the log of all operators of the bed. @throws AssertionError */
export const assertDiscreet = async (bed: OperatorBed): Promise<void> => {
  const parts = secretParts(bed)
  assert.ok(parts.length > 10, 'no secrets were seen')
  const servers = await bed.client.list(serverResource)
  const told = await bed.client.list(events)
  assert.ok(servers.items.length > 0 && told.items.length > 0, 'nothing was told')
  assertNoSecret('statuses', JSON.stringify(servers.items), parts)
  assertNoSecret('events', JSON.stringify(told.items), parts)
  assertNoSecret('log lines', bed.logged.join(''), parts)
  bed.logged.forEach(assertNoAddress)
}
