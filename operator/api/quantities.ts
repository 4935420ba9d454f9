/**
 * Durations (`20d`, `5d`, `1h`, `30s`) and sizes (`10Gi`, `200Ki`) as the resource writes them, and what they amount to.
 */
import { z } from 'zod'

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86400 } as const
const unitBytes = { '': 1, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 } as const

type DurationUnit = keyof typeof unitSeconds
type SizeUnit = keyof typeof unitBytes

/** A duration that may be nothing: `0s`. */
export const durationOrZero = z
  .string()
  .max(8)
  .regex(/^[0-9]{1,6}[smhd]$/, 'a number with a unit: 30s, 10m, 12h or 20d')

/** A duration of at least a second. */
export const duration = z
  .string()
  .max(8)
  .regex(/^[1-9][0-9]{0,5}[smhd]$/, 'a number above 0 with a unit: 30s, 10m, 12h or 20d')

/** A duration of at least a day, in hours or days. */
export const durationOfDays = z
  .string()
  .max(8)
  .regex(/^([1-9][0-9]{0,3}d|(2[4-9]|[3-9][0-9]|[1-9][0-9]{2,4})h)$/, 'at least a day, in days or hours: 5d or 36h')

/** A size of at least a byte. */
export const size = z
  .string()
  .max(16)
  .regex(/^[1-9][0-9]{0,8}(Ki|Mi|Gi|Ti)?$/, 'bytes, or a number with Ki, Mi, Gi or Ti: 200Ki, 10Gi')

/** Seconds of a duration that its schema has accepted. */
export const seconds = (text: string): number => Number(text.slice(0, -1)) * unitSeconds[text.slice(-1) as DurationUnit]

const binary = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4, Pi: 1024 ** 5, Ei: 1024 ** 6 } as const
const decimal = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 } as const
const multiples: Readonly<Record<string, number>> = { '': 1, ...binary, ...decimal }

/**
 * The value of a quantity of Kubernetes, such as `250m`, `0.5`, `1Gi` or `20G`, or null where it is none. The API server
 * writes one back in another form: `1024Mi` as `1Gi`, `0.5` as `500m`.
 */
export const quantity = (text: string): number | null => {
  const [, digits, suffix = ''] = /^(\d+(?:\.\d+)?)(m|[kMGTPE]|[KMGTPE]i)?$/.exec(text) ?? []
  if (digits === undefined) return null
  // A division gives the number nearest to the decimal fraction, a product with 0.001 does not.
  return suffix === 'm' ? Number(digits) / 1000 : Number(digits) * multiples[suffix]!
}

/** Bytes of a size that its schema has accepted. */
export const bytes = (text: string): number => {
  const digits = /^[0-9]+/.exec(text)![0]
  return Number(digits) * unitBytes[text.slice(digits.length) as SizeUnit]
}
