// How the call stands, in words: what is known → what is shown.
import { asking, stillAsking } from './problems.js'

/** A relay that answers has done so by then, milliseconds. */
const patienceMs = 5000

export const isRunning = ({ call, ended }) => call !== null && !ended

/** Title, advice and kind of the state; the first that holds. */
export const stateOf = (page) => {
  const { call, problem, ended, other, server } = page
  const running = isRunning(page)
  const wrong = problem ?? call?.problem
  if (wrong) return { kind: 'bad', ...wrong }
  if (running && call.state === 'connected')
    return { kind: 'good', title: 'The call is up, through the relay alone.', advice: 'This relay works from here.' }
  if (running && call.state === 'disconnected')
    return { kind: 'busy', title: 'Nothing comes through any more.', advice: 'Waiting for the relay to come back …' }
  if (running && call.gathered.here.length === 0)
    return { kind: 'busy', ...(call.ageMs < patienceMs ? asking : stillAsking(server)) }
  if (running) return { kind: 'busy', title: 'Looking for a way from relay to relay …', advice: '' }
  if (ended) return { kind: 'wait', title: 'The call is over.', advice: '' }
  if (other) return { kind: 'ready', title: 'The other side is there.', advice: 'Call from here or from there.' }
  return { kind: 'wait', title: 'Open the other side.', advice: 'A second window of this page, in this browser.' }
}

/** What was reached, in order: text, done, failed. */
export const stepsOf = ({ call, other, pictures }) => {
  const [here, there] = [call?.gathered.here.length ?? 0, call?.gathered.there.length ?? 0]
  const up = call?.wasUp ?? false
  const wrong = Boolean(call?.problem)
  return [
    ['The other side is open', other !== null || call !== null, false],
    ['The relay gave this side an address', here > 0, wrong && here === 0],
    ['The relay gave the other side an address', there > 0, wrong && here > 0 && there === 0],
    ['Packets come through the relay', up, wrong && here > 0 && there > 0 && !up],
    ['Pictures arrive', pictures > 0, false],
  ]
}
