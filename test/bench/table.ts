/** The table that a benchmark prints, as Markdown, a row at a time, with notes below it. */

const width = { figure: 50, cell: 26, aim: 20 } as const

/** What a cell says where there is no figure. */
export type Cell = string | { reason: string }

export class Table {
  #columns: readonly string[]
  #print: (line: string) => void
  #notes: string[] = []

  /** @param columns the servers, between the figure and the aim */
  constructor(columns: readonly string[], print: (line: string) => void) {
    this.#columns = columns
    this.#print = print
    this.#line('figure', columns, 'aim')
    this.#line(
      '---',
      columns.map(() => '---'),
      '---',
    )
  }

  row(figure: string, cells: readonly Cell[], aim: string): void {
    this.#line(
      figure,
      cells.map((cell, i) => this.#text(cell, i)),
      aim,
    )
  }

  /** The reasons of the cells without a figure, each once. */
  notes(): void {
    for (const [i, note] of this.#notes.entries()) this.#print(`${i === 0 ? '\n' : ''}[${i + 1}] ${note}`)
  }

  #text(cell: Cell, column: number): string {
    if (typeof cell === 'string') return cell
    const note = `${this.#columns[column]}: ${cell.reason}`
    if (!this.#notes.includes(note)) this.#notes.push(note)
    return `— [${this.#notes.indexOf(note) + 1}]`
  }

  #line(figure: string, cells: readonly string[], aim: string): void {
    const padded = [figure.padEnd(width.figure), ...cells.map((cell) => cell.padEnd(width.cell)), aim.padEnd(width.aim)]
    this.#print(`| ${padded.join(' | ')} |`)
  }
}
