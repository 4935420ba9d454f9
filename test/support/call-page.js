// Runs in a browser: a call between two peers that may use the relay alone, with a tone, a picture that changes and a
// channel that answers.

const peers = {}
const counts = { sent: 0, answered: 0 }

const signal = async (caller, callee) => {
  caller.onicecandidate = ({ candidate }) => candidate && callee.addIceCandidate(candidate)
  callee.onicecandidate = ({ candidate }) => candidate && caller.addIceCandidate(candidate)
  await caller.setLocalDescription(await caller.createOffer())
  await callee.setRemoteDescription(caller.localDescription)
  await callee.setLocalDescription(await callee.createAnswer())
  await caller.setRemoteDescription(callee.localDescription)
}

const movingPicture = () => {
  const canvas = document.createElement('canvas')
  const picture = canvas.getContext('2d')
  setInterval(() => picture.fillRect(Math.random() * 200, Math.random() * 100, 20, 20), 40)
  return canvas.captureStream(25).getTracks()
}

const tone = () => {
  const audio = new AudioContext()
  const to = audio.createMediaStreamDestination()
  const source = audio.createOscillator()
  source.connect(to)
  source.start()
  return to.stream.getTracks()
}

globalThis.startCall = async (server) => {
  const options = { iceServers: [server], iceTransportPolicy: 'relay', bundlePolicy: 'max-bundle' }
  const [caller, callee] = [new RTCPeerConnection(options), new RTCPeerConnection(options)]
  callee.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => channel.send(`${data}, and back`)
  }
  for (const track of [...movingPicture(), ...tone()]) caller.addTrack(track)
  const channel = caller.createDataChannel('words')
  const open = new Promise((resolve) => {
    channel.onopen = resolve
  })
  channel.onmessage = () => counts.answered++
  Object.assign(peers, { caller, callee, channel })
  await signal(caller, callee)
  await open
  setInterval(() => {
    if (channel.readyState === 'open') channel.send(counts.sent++)
  }, 50)
}

globalThis.hangUp = () => {
  peers.caller.close()
  peers.callee.close()
}

/** Words that went over the channel and those that came back. */
globalThis.echoes = () => ({ ...counts })

globalThis.connectionStates = () => [peers.caller.connectionState, peers.callee.connectionState]

const statsOf = async (peer) => [...(await peer.getStats()).values()]

/** Packets of each kind that the callee has, and that it misses. */
globalThis.media = async () => {
  const inbound = (await statsOf(peers.callee)).filter(({ type }) => type === 'inbound-rtp')
  return Object.fromEntries(
    inbound.map(({ kind, packetsReceived, packetsLost, framesDecoded }) => [
      kind,
      { packetsReceived, packetsLost, framesDecoded },
    ]),
  )
}

globalThis.candidateTypes = async () => {
  const stats = await statsOf(peers.caller)
  const pair = stats.find(({ type, nominated }) => type === 'candidate-pair' && nominated)
  return [pair.localCandidateId, pair.remoteCandidateId].map((id) => stats.find((each) => each.id === id).candidateType)
}
