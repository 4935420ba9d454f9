// Runs in a browser: a call between two peers that may use the relay alone, with a picture that changes and a channel
// that answers.

const peers = {}

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

globalThis.startCall = async (server) => {
  const options = { iceServers: [server], iceTransportPolicy: 'relay', bundlePolicy: 'max-bundle' }
  const [caller, callee] = [new RTCPeerConnection(options), new RTCPeerConnection(options)]
  callee.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => channel.send(`${data}, and back`)
  }
  for (const track of movingPicture()) caller.addTrack(track)
  const channel = caller.createDataChannel('words')
  const open = new Promise((resolve) => {
    channel.onopen = resolve
  })
  Object.assign(peers, { caller, callee, channel })
  await signal(caller, callee)
  await open
}

globalThis.say = (words) =>
  new Promise((resolve) => {
    peers.channel.onmessage = ({ data }) => resolve(data)
    peers.channel.send(words)
  })

const statsOf = async (peer) => [...(await peer.getStats()).values()]

globalThis.framesSeen = async () =>
  (await statsOf(peers.callee)).find(({ type }) => type === 'inbound-rtp')?.framesDecoded ?? 0

globalThis.candidateTypes = async () => {
  const stats = await statsOf(peers.caller)
  const pair = stats.find(({ type, nominated }) => type === 'candidate-pair' && nominated)
  return [pair.localCandidateId, pair.remoteCandidateId].map((id) => stats.find((each) => each.id === id).candidateType)
}
