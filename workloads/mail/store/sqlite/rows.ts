/** Prepared statements with typed rows. The row type is the caller's word for what the statement selects. */
import type { SQLInputValue, StatementSync } from 'node:sqlite'

export const one = <Row>(statement: StatementSync, ...values: SQLInputValue[]): Row | undefined =>
  statement.get(...values) as Row | undefined

export const all = <Row>(statement: StatementSync, ...values: SQLInputValue[]): Row[] =>
  statement.all(...values) as unknown as Row[]

/** `row` as an ordinary object: SQLite's have no prototype, which callers would notice when they compare. */
export const plain = <Row extends object>(row: Row): Row => ({ ...row })

/** A BLOB column as Buffer, without a copy. */
export const bytes = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength)
