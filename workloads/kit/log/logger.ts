/**
 * JSON lines on stderr; with No-Log every line goes through the redaction first.
 */
import { type DestinationStream, destination, type Logger, pino } from 'pino'
import { redact } from './redact.ts'

export type { Logger } from 'pino'

export type LoggerOptions = {
  workload: string
  noLog: boolean
  level?: string
  /** Where lines go; stderr unless told. */
  stream?: DestinationStream
}

/** A logger for one workload. Neither process id nor host name: they tell nothing that the pod's name does not. */
export const createLogger = ({ workload, noLog, level = 'info', stream }: LoggerOptions): Logger =>
  pino(
    {
      level,
      base: { workload },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      ...(noLog ? { hooks: { streamWrite: redact } } : {}),
    },
    stream ?? destination({ fd: 2, sync: true }),
  )
