/**
 * Dates (RFC 3501 §9), all as Unix milliseconds.
 *
 *   date = date-text / DQUOTE date-text DQUOTE            date-text = 1*2DIGIT "-" date-month "-" 4DIGIT
 *   date-time = DQUOTE (SP DIGIT / 2DIGIT) "-" date-month "-" 4DIGIT SP time SP zone DQUOTE
 */
import { type Cursor, SyntaxProblem } from './cursor.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

const monthOf = (name: string): number => months.findIndex((month) => month.toLowerCase() === name.toLowerCase())

const dayStart = (day: string, month: string, year: string): number => {
  const time = Date.UTC(Number(year), monthOf(month), Number(day))
  if (monthOf(month) < 0 || new Date(time).getUTCDate() !== Number(day)) throw new SyntaxProblem('a date was expected')
  return time
}

const datePattern = /"?(\d{1,2}-[A-Za-z]{3}-\d{4})"?/y
const dateTimePattern = /"([ \d]\d-[A-Za-z]{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4})"/y

/** Midnight UTC of a `date`. */
export const parseDate = (cursor: Cursor): number => {
  const [day, month, year] = cursor.match(datePattern, 'a date').split('-') as [string, string, string]
  return dayStart(day, month, year)
}

/** The instant of a `date-time`. */
export const parseDateTime = (cursor: Cursor): number => {
  const [date, time, zone] = cursor.match(dateTimePattern, 'a date-time').trim().split(' ') as [string, string, string]
  const [day, month, year] = date.split('-') as [string, string, string]
  const [hours, minutes, seconds] = time.split(':').map(Number) as [number, number, number]
  if (hours > 23 || minutes > 59 || seconds > 60) throw new SyntaxProblem('a time of day was expected')
  const offset = (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3)))
  return dayStart(day, month, year) + ((hours * 60 + minutes - offset) * 60 + seconds) * 1000
}

const two = (value: number): string => String(value).padStart(2, '0')

/** A `date-time` in UTC without its quotes: `23-Nov-2026 12:43:08 +0000`. */
export const formatDateTime = (milliseconds: number): string => {
  const date = new Date(milliseconds)
  const day = `${two(date.getUTCDate())}-${months[date.getUTCMonth()]}-${date.getUTCFullYear()}`
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}
