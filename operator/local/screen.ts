/** What a person sees: the invite to scan, where things are, every port with its purpose, how to stop. */
import { toString as qrCode } from 'qrcode'
import type { PortRow } from '../render/ports.ts'
import type { Summary } from './summary.ts'

/** Black on white for each line: cameras want dark on light, whatever the terminal's own colours are. */
const blackOnWhite = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line ? `\u001b[30;107m${line}\u001b[0m` : line))
    .join('\n')

/** The code in half blocks with the quiet zone that ISO/IEC 18004 asks for. */
export const drawCode = async (link: string, colours: boolean): Promise<string> => {
  const code = await qrCode(link, { type: 'utf8', errorCorrectionLevel: 'L' })
  return colours ? blackOnWhite(code) : code
}

const range = ({ from, to }: PortRow): string => (from === to ? String(from) : `${from}-${to}`)

const portTable = (rows: readonly PortRow[]): string[] => {
  const width = Math.max(...rows.map((row) => range(row).length))
  return rows.map((row) => {
    const where = row.audience === 'management' ? ' (this machine alone)' : ''
    return `  ${row.protocol} ${range(row).padEnd(width)}  ${row.purpose}${where}`
  })
}

/** How an invite is shown: one link for everybody or not, whether Enter brings the next, colours or plain text. */
export type InviteView = { shared: boolean; more: boolean; colours: boolean }

const usage = ({ shared, more }: InviteView): string =>
  shared
    ? 'Scan it with Delta Chat. The same code serves everybody.'
    : `Scan it with Delta Chat. It is one account: each person needs a code of their own.${more ? ' Enter shows the next one.' : ''}`

/** The invite with its code. */
export const inviteText = async (link: string, view: InviteView): Promise<string> =>
  [await drawCode(link, view.colours), usage(view), '', `  ${link}`, ''].join('\n')

/** Everything beside the invite. `shared` as above. */
export const serverText = (summary: Summary, rows: readonly PortRow[], shared: boolean): string => {
  const page = summary.web
    ? [
        `Page      ${summary.web}`,
        ...(shared
          ? []
          : ['          Each visit shows a fresh code. Browsers warn of the certificate: this machine signs its own.']),
      ]
    : []
  return [
    `Domain    ${summary.domain}`,
    ...page,
    `Data      ${summary.dataDir}`,
    '',
    'Ports',
    ...portTable(rows),
    '',
    'Ctrl-C stops the server; accounts and messages are kept.',
    '',
  ].join('\n')
}
