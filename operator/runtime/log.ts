/** What this kit says, in a form that pino's loggers take. */
type Say = (fields: object, message: string) => void

export type Log = { info: Say; warn: Say; error: Say }
