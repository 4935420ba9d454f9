// The page of a call between two tabs that may use the relay alone: what was gathered, what is relayed, how it goes.

const element = (id) => document.getElementById(id)
const tabs = new BroadcastChannel('call')
const tab = crypto.randomUUID()
const history = { sent: [], received: [], roundtrip: [], lost: [] }
const kept = 180
let connection = null
let before = null

const say = (text) => {
  element('state').textContent = text
}

const tell = (message) => tabs.postMessage({ ...message, from: tab })

/** A picture that moves and a tone that nobody hears: no camera is asked for. */
const media = () => {
  const canvas = document.createElement('canvas')
  Object.assign(canvas, { width: 320, height: 240 })
  const picture = canvas.getContext('2d')
  const colour = Math.floor(Math.random() * 360)
  setInterval(() => {
    picture.fillStyle = `hsl(${colour + Math.random() * 60} 60% 50%)`
    picture.fillRect(Math.random() * 300, Math.random() * 220, 40, 30)
  }, 40)
  const audio = new AudioContext()
  const tone = audio.createMediaStreamDestination()
  const oscillator = audio.createOscillator()
  oscillator.connect(tone)
  oscillator.start()
  return new MediaStream([...canvas.captureStream(25).getTracks(), ...tone.stream.getTracks()])
}

const row = (cells) => {
  const line = document.createElement('tr')
  for (const text of cells) line.append(Object.assign(document.createElement('td'), { textContent: text }))
  return line
}

const gathered = ({ candidate }) => {
  if (!candidate?.candidate) return
  tell({ kind: 'candidate', candidate: candidate.toJSON() })
  const { type, protocol, address, port, relatedAddress, relatedPort } = candidate
  const of = relatedAddress ? `${relatedAddress}:${relatedPort}` : ''
  element('candidates').append(row([type, protocol, `${address}:${port}`, of]))
}

const open = async () => {
  const iceServer = await (await fetch('/ice-server')).json()
  connection = new RTCPeerConnection({
    iceServers: [iceServer],
    iceTransportPolicy: 'relay',
    bundlePolicy: 'max-bundle',
  })
  connection.onicecandidate = gathered
  connection.onicecandidateerror = ({ errorCode, errorText }) => say(`The relay refuses: ${errorCode} ${errorText}`)
  connection.onconnectionstatechange = () => say(`The call is ${connection.connectionState}.`)
  connection.ontrack = ({ streams }) => {
    element('other').srcObject = streams[0]
  }
  const stream = media()
  element('own').srcObject = stream
  for (const track of stream.getTracks()) connection.addTrack(track, stream)
  element('end').disabled = false
}

const close = () => {
  connection?.close()
  connection = null
  element('end').disabled = true
  say('The call is over.')
}

const answers = {
  hello: () => tell({ kind: 'here' }),
  here: () => {},
  offer: async ({ description }) => {
    await open()
    await connection.setRemoteDescription(description)
    await connection.setLocalDescription(await connection.createAnswer())
    tell({ kind: 'answer', description: connection.localDescription.toJSON() })
  },
  answer: ({ description }) => connection?.setRemoteDescription(description),
  candidate: ({ candidate }) => connection?.addIceCandidate(candidate),
  end: close,
}

// One after the other: a candidate must not overtake the description that it belongs to.
let work = Promise.resolve()
tabs.onmessage = ({ data }) => {
  if (!connection && element('call').disabled) say('The second tab is there.')
  element('call').disabled = false
  work = work.then(() => answers[data.kind](data)).catch((error) => say(error.message))
}

element('call').onclick = async () => {
  await open()
  await connection.setLocalDescription(await connection.createOffer())
  tell({ kind: 'offer', description: connection.localDescription.toJSON() })
}
element('end').onclick = () => {
  tell({ kind: 'end' })
  close()
}

const draw = (id, ...lines) => {
  const canvas = element(id)
  const graph = canvas.getContext('2d')
  const { width, height } = canvas
  const top = Math.max(1, ...lines.flat())
  graph.clearRect(0, 0, width, height)
  graph.fillStyle = getComputedStyle(canvas).color
  graph.fillText(`${Math.round(top * 10) / 10}`, 4, 12)
  for (const [index, values] of lines.entries()) {
    graph.strokeStyle = ['#2a7', '#27c'][index]
    graph.beginPath()
    for (const [at, value] of values.entries())
      graph.lineTo((at / kept) * width, height - 2 - (value / top) * (height - 4))
    graph.stroke()
  }
}

const keep = (name, value) => {
  history[name].push(value)
  if (history[name].length > kept) history[name].shift()
}

const sum = (stats, type, field) =>
  stats.filter((each) => each.type === type).reduce((total, each) => total + (each[field] ?? 0), 0)

const look = async () => {
  if (!connection) return
  const stats = [...(await connection.getStats()).values()]
  const pair = stats.find(
    ({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded',
  )
  if (!pair) return
  const typeOf = (id) => stats.find((each) => each.id === id)?.candidateType
  const now = {
    time: performance.now(),
    sent: pair.bytesSent,
    received: pair.bytesReceived,
    lost: sum(stats, 'inbound-rtp', 'packetsLost'),
  }
  const seconds = before ? (now.time - before.time) / 1000 : 1
  const since = (field) => (before ? Math.max(0, now[field] - before[field]) : 0) / seconds
  keep('sent', (since('sent') * 8) / 1000)
  keep('received', (since('received') * 8) / 1000)
  keep('roundtrip', (pair.currentRoundTripTime ?? 0) * 1000)
  keep('lost', since('lost'))
  before = now
  element('figures').replaceChildren(
    row(['Path', `${typeOf(pair.localCandidateId)} → ${typeOf(pair.remoteCandidateId)}`]),
    row(['Bytes sent, received', `${now.sent}, ${now.received}`]),
    row(['Packets received, lost', `${sum(stats, 'inbound-rtp', 'packetsReceived')}, ${now.lost}`]),
    row(['Pictures drawn', `${sum(stats, 'inbound-rtp', 'framesDecoded')}`]),
    row(['Round trip', `${Math.round(history.roundtrip.at(-1) * 10) / 10} ms`]),
  )
  draw('bitrate', history.sent, history.received)
  draw('roundtrip', history.roundtrip)
  draw('lost', history.lost)
}
setInterval(look, 1000)
addEventListener('pagehide', () => connection && element('end').click())

tell({ kind: 'hello' })
