/**
 * What a dashboard of one server shows: rows of panels, as data. In an expression `$server` stands for the labels of the
 * server's pods, `$namespace` and `$name` for where it is and what it is called, `$rate` for the time that a rate is over.
 */

export type Unit = 'short' | 'ops' | 'reqps' | 'Bps' | 'bytes' | 's' | 'percentunit' | 'pps' | 'bool_on_off'

export type Query = {
  expr: string
  /** With `{{label}}` in it. */
  legend: string
}

export type Panel = {
  title: string
  /** What it means, and when to worry. */
  description: string
  unit: Unit
  /** stat: the last value alone. */
  kind: 'time' | 'stat'
  queries: readonly Query[]
}

export type Row = { title: string; needs?: 'turn' | 'iroh'; panels: readonly Panel[] }

/** A count of the mail server, which are all of one metric. */
export const mailCount = (what: string): string => `chatmail_mail_count{$server,what="${what}"}`
