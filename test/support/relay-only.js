// Runs in a browser before a page of calls: its connections may use the relay alone, and can be looked at.
const connections = []
const relayOnly = (configuration) => ({ ...configuration, iceTransportPolicy: 'relay' })

globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) {
    super(relayOnly(configuration))
    connections.push(this)
  }

  setConfiguration(configuration) {
    super.setConfiguration(relayOnly(configuration))
  }
}

const allStats = async () =>
  (await Promise.all(connections.map(async (connection) => [...(await connection.getStats()).values()]))).flat()

/** How the connection in use goes, and what has come through it. */
globalThis.callStats = async () => {
  const stats = await allStats()
  const pair = stats.find(
    ({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded',
  )
  const candidateType = (id) => stats.find((each) => each.id === id)?.candidateType
  const inbound = stats.filter(({ type }) => type === 'inbound-rtp')
  return {
    path: pair ? [candidateType(pair.localCandidateId), candidateType(pair.remoteCandidateId)] : [],
    frames: inbound.find(({ kind }) => kind === 'video')?.framesDecoded ?? 0,
    sound: inbound.find(({ kind }) => kind === 'audio')?.packetsReceived ?? 0,
  }
}
