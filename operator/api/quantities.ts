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

/** Bytes of a size that its schema has accepted. */
export const bytes = (text: string): number => {
  const digits = /^[0-9]+/.exec(text)![0]
  return Number(digits) * unitBytes[text.slice(digits.length) as SizeUnit]
}
