// The two sides of the page find each other, call, and show how it goes.
import { Call } from './call.js'
import { Graph } from './graph.js'
import { commandEnded, inCall } from './problems.js'
import { isRunning, stateOf, stepsOf } from './state.js'

const element = (id) => document.getElementById(id)
const tabs = new BroadcastChannel('call')
const tab = crypto.randomUUID()
const graphs = {
  rate: new Graph(element('graphs'), 'Relayed', { lines: ['sent', 'received'], unit: 'kbit/s', least: 10 }),
  roundTrip: new Graph(element('graphs'), 'Round trip', { unit: 'ms', least: 1 }),
  lost: new Graph(element('graphs'), 'Lost on the way here', { unit: '%', least: 1 }),
}

/** What the table holds before anything was gathered. */
const nothingYet = element('candidates').firstElementChild

/** Server as the command was told it; the other side's id; the call, also after its end; what a person should know. */
const page = { server: '', other: null, call: null, ended: false, pictures: 0, problem: null }
let before = null

const tell = (message) => tabs.postMessage({ ...message, from: tab, to: message.to ?? page.other })

const line = (name, ...cells) => {
  const row = document.createElement('tr')
  row.append(...cells.map((textContent) => Object.assign(document.createElement(name), { textContent })))
  return row
}

const endpoint = (address, port) =>
  address && port ? `${address.includes(':') ? `[${address}]` : address}:${port}` : '–'

const candidateRow = (side, { shown }) =>
  line('td', side, shown.type, (shown.relayProtocol ?? 'udp').toUpperCase(), endpoint(shown.address, shown.port))

const running = () => isRunning(page)

const show = () => {
  const { kind, title, advice } = stateOf(page)
  element('state').dataset.kind = kind
  element('title').textContent = title
  element('advice').textContent = advice
  element('open').hidden = page.other !== null || page.problem !== null
  element('call').hidden = page.other === null || running() || page.problem !== null
  element('call').textContent = page.call ? 'Call again' : 'Call the other side'
  element('end').hidden = !running()
  element('steps').replaceChildren(
    ...stepsOf(page).map(([textContent, done, failed]) => {
      const item = Object.assign(document.createElement('li'), { textContent })
      item.dataset.is = done ? 'done' : failed ? 'failed' : 'open'
      return item
    }),
  )
  const { here = [], there = [] } = page.call?.gathered ?? {}
  const rows = [...here.map((each) => candidateRow('here', each)), ...there.map((each) => candidateRow('there', each))]
  if (rows.length > 0) element('candidates').replaceChildren(...rows)
}

const begin = async () => {
  end()
  const answer = await fetch('/ice-server').catch(() => null)
  if (!answer) {
    page.problem = commandEnded
    return false
  }
  Object.assign(page, { ended: false, pictures: 0 })
  before = null
  for (const graph of Object.values(graphs)) graph.clear()
  element('figures').replaceChildren()
  element('candidates').replaceChildren(nothingYet)
  page.call = new Call({
    iceServer: await answer.json(),
    server: page.server,
    send: tell,
    changed,
    own: element('own'),
    other: element('other'),
  })
  show()
  return true
}

/** Ends the call here; what was gathered and measured stays to be read. */
const end = () => {
  if (!running()) return
  page.ended = true
  page.call.close()
  for (const id of ['own', 'other']) element(id).srcObject = null
}

/** A call that cannot come about is ended on both sides, which both say why. */
function changed() {
  if (running() && page.call.problem) {
    tell({ kind: 'failed', problem: page.call.problem })
    end()
  }
  show()
}

const answers = {
  hello: ({ from }) => tell({ kind: 'here', to: from }),
  here: () => {},
  /** Perhaps a third window is there. */
  bye: () => {
    end()
    page.other = null
    tell({ kind: 'hello' })
  },
  /** Where both call at once, the lower id gives way. */
  offer: async ({ description, from }) => {
    if (running() && from !== page.other) return tell({ kind: 'failed', problem: inCall, to: from })
    if (running() && page.call.state === 'new' && tab > from) return
    if (await begin()) await page.call.answer(description)
  },
  answer: ({ description }) => running() && page.call.answered(description),
  candidate: ({ candidate }) => running() && page.call.otherGathered(candidate),
  failed: ({ problem }) => {
    page.call?.fail(problem)
    end()
  },
  end,
}

/** What is listened to also while another side is talked to. */
const fromAnybody = new Set(['hello', 'offer'])

// One after the other: a candidate must not overtake the description that it belongs to.
let work = Promise.resolve()
tabs.onmessage = ({ data }) => {
  if (data.to && data.to !== tab) return
  if (!running() && data.kind !== 'bye') page.other = data.from
  if (data.from !== page.other && !fromAnybody.has(data.kind)) return
  work = work
    .then(() => answers[data.kind](data))
    .catch(({ message }) => page.call?.fail({ title: 'The call did not come about.', advice: message }))
    .then(show)
}

element('open').onclick = () => window.open(location.href, '_blank', 'popup,width=760,height=900')
element('call').onclick = async () => {
  if (await begin()) await page.call.offer()
  show()
}
element('end').onclick = () => {
  tell({ kind: 'end' })
  end()
  show()
}

const figure = (name, value) => {
  const box = document.createElement('div')
  for (const [tag, textContent] of [
    ['dt', name],
    ['dd', value],
  ])
    box.append(Object.assign(document.createElement(tag), { textContent }))
  return box
}

const bytes = (count) => (count < 1e6 ? `${(count / 1e3).toFixed(0)} kB` : `${(count / 1e6).toFixed(1)} MB`)

const draw = (now, { seconds, last }) => {
  const kilobits = (field) => ((now[field] - last[field]) * 8) / 1000 / seconds
  const [lost, got] = [now.lost - last.lost, now.packets - last.packets]
  graphs.rate.add(Math.max(0, kilobits('bytesSent')), Math.max(0, kilobits('bytesReceived')))
  graphs.roundTrip.add(now.roundTripMs)
  graphs.lost.add(lost > 0 ? (100 * lost) / (lost + got) : 0)
}

const look = async () => {
  if (!running()) return
  const now = await page.call.figures()
  show()
  if (!now || !running()) return
  const time = performance.now()
  if (before) draw(now, { seconds: (time - before.time) / 1000, last: before })
  before = { ...now, time }
  page.pictures = now.pictures
  element('figures').replaceChildren(
    figure('Path', now.path),
    figure('Sent', bytes(now.bytesSent)),
    figure('Received', bytes(now.bytesReceived)),
    figure('Packets received', `${now.packets}`),
    figure('Packets lost', `${now.lost}`),
    figure('Pictures drawn', `${now.pictures}`),
  )
  show()
}
setInterval(look, 1000)
addEventListener('pagehide', () => tell({ kind: 'bye' }))

const start = async () => {
  const { urls } = await (await fetch('/ice-server')).json()
  page.server = urls[0].replace(/^turns?:/, '').replace(/\?.*$/, '')
  element('server').textContent = page.server
  tell({ kind: 'hello' })
  show()
}
start().catch(() => {
  page.problem = commandEnded
  show()
})
