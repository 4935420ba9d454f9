// A graph of what was measured once a second: the last minute, or three once there is more, from zero to a round number above the
// highest.

/** Seconds that are shown at first, and later. */
const spans = { first: 60, later: 180 }

const svg = (name, attributes) => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}

const html = (name, className, ...content) => {
  const element = Object.assign(document.createElement(name), { className })
  element.append(...content)
  return element
}

/** 1, 2 or 5 times a power of ten, not below `value`. */
const roundAbove = (value) => {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value)
}

const shown = (value) => (value >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(1))

const pathOf = (values, span, top) =>
  values
    .map((value, at) => {
      const x = ((span - values.length + at) / (span - 1)) * 100
      return `${at === 0 ? 'M' : 'L'}${x.toFixed(2)} ${(100 - (value / top) * 100).toFixed(2)}`
    })
    .join('')

const plot = (paths) => {
  const drawing = svg('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none', 'aria-hidden': 'true' })
  for (const y of [0, 50, 100]) drawing.append(svg('line', { x1: 0, x2: 100, y1: y, y2: y }))
  drawing.append(...paths)
  return drawing
}

/** `lines` are the names of one or two lines, `least` the lowest top of the scale. */
export class Graph {
  #lines
  #least
  #scale
  #start

  constructor(parent, title, { lines = [''], unit, least }) {
    const classes = ['first', 'second']
    this.#least = least
    this.#lines = lines.map((name, at) => ({
      name,
      values: [],
      path: svg('path', { class: classes[at] }),
      label: html('span', classes[at]),
    }))
    this.#scale = html('div', 'scale')
    const drawing = plot(this.#lines.map(({ path }) => path))
    this.#start = html('span', '')
    const times = html('div', 'times', this.#start, html('span', '', 'now'))
    const caption = html('figcaption', '', html('b', '', `${title}, ${unit}`), ...this.#lines.map(({ label }) => label))
    parent.append(html('figure', 'graph', caption, html('div', 'plot', this.#scale, drawing, times)))
    this.#draw()
  }

  clear() {
    for (const line of this.#lines) line.values = []
    this.#draw()
  }

  /** One value for each line. */
  add(...values) {
    for (const [at, line] of this.#lines.entries()) line.values = [...line.values, values[at]].slice(-spans.later)
    this.#draw()
  }

  #draw() {
    const top = roundAbove(Math.max(this.#least, ...this.#lines.flatMap(({ values }) => values)))
    this.#scale.replaceChildren(...[top, top / 2, 0].map((value) => html('span', '', shown(value))))
    const span = this.#lines[0].values.length > spans.first ? spans.later : spans.first
    this.#start.textContent = `${span} s ago`
    for (const { name, values, path, label } of this.#lines) {
      path.setAttribute('d', pathOf(values, span, top))
      const last = values.at(-1)
      label.textContent = last === undefined ? name : `${name} ${shown(last)}`.trim()
    }
  }
}
