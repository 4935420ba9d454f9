// One call over the relay alone: what was gathered on both sides, how it stands, and what goes over it.
import { media } from './media.js'
import { brokenOff, nothingGathered, noWayThrough } from './problems.js'

const sum = (stats, type, field) =>
  stats.filter((each) => each.type === type).reduce((total, each) => total + (each[field] ?? 0), 0)

export class Call {
  /** Candidates of this side and of the other. */
  gathered = { here: [], there: [] }
  /** Null, or what is wrong: a title and an advice. */
  problem = null
  /** True once packets came through. */
  wasUp = false
  #connection
  #media = media()
  #send
  #changed
  #lastError = null
  #started = performance.now()

  /** `send` takes what the other side has to know, `changed` is called after each change. */
  constructor({ iceServer, server, send, changed, own, other }) {
    this.#send = send
    this.#changed = changed
    const connection = new RTCPeerConnection({
      iceServers: [iceServer],
      iceTransportPolicy: 'relay',
      bundlePolicy: 'max-bundle',
    })
    this.#connection = connection
    connection.onicecandidate = ({ candidate }) => candidate?.candidate && this.#gather(candidate)
    connection.onicecandidateerror = ({ errorCode, errorText }) => {
      this.#lastError = { code: errorCode, text: errorText }
    }
    connection.onicegatheringstatechange = () => {
      const none = connection.iceGatheringState === 'complete' && this.gathered.here.length === 0
      if (none) this.fail(nothingGathered(this.#lastError, server))
    }
    connection.onconnectionstatechange = () => this.#stateChanged()
    connection.ontrack = ({ streams }) => {
      other.srcObject = streams[0]
    }
    own.srcObject = this.#media.stream
    for (const track of this.#media.stream.getTracks()) connection.addTrack(track, this.#media.stream)
  }

  /** `new`, `connecting`, `connected`, `disconnected`, `failed` or `closed`. */
  get state() {
    return this.#connection.connectionState
  }

  get ageMs() {
    return performance.now() - this.#started
  }

  async offer() {
    await this.#connection.setLocalDescription(await this.#connection.createOffer())
    this.#send({ kind: 'offer', description: this.#connection.localDescription.toJSON() })
  }

  async answer(description) {
    await this.#connection.setRemoteDescription(description)
    await this.#connection.setLocalDescription(await this.#connection.createAnswer())
    this.#send({ kind: 'answer', description: this.#connection.localDescription.toJSON() })
  }

  async answered(description) {
    await this.#connection.setRemoteDescription(description)
  }

  async otherGathered(candidate) {
    this.gathered.there.push(candidate)
    this.#changed()
    await this.#connection.addIceCandidate(candidate)
  }

  fail(problem) {
    this.problem ??= problem
    this.#changed()
  }

  close() {
    this.#connection.close()
    this.#media.end()
  }

  /** What went over it until now; null before anything did. */
  async figures() {
    const stats = [...(await this.#connection.getStats()).values()]
    const byId = (id) => stats.find((each) => each.id === id)
    const { selectedCandidatePairId } = stats.find(({ type }) => type === 'transport') ?? {}
    const pair =
      byId(selectedCandidatePairId) ??
      stats.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded')
    if (!pair) return null
    const received = sum(stats, 'inbound-rtp', 'packetsReceived')
    return {
      path: [pair.localCandidateId, pair.remoteCandidateId].map((id) => byId(id)?.candidateType).join(' → '),
      bytesSent: pair.bytesSent,
      bytesReceived: pair.bytesReceived,
      roundTripMs: (pair.currentRoundTripTime ?? 0) * 1000,
      packets: received,
      lost: Math.max(0, sum(stats, 'inbound-rtp', 'packetsLost')),
      pictures: sum(stats, 'inbound-rtp', 'framesDecoded'),
    }
  }

  #gather(candidate) {
    const { type, address, port, relayProtocol } = candidate
    const told = { ...candidate.toJSON(), shown: { type, address, port, relayProtocol } }
    this.gathered.here.push(told)
    this.#send({ kind: 'candidate', candidate: told })
    this.#changed()
  }

  #stateChanged() {
    this.wasUp ||= this.state === 'connected'
    if (this.state === 'failed') this.fail(this.wasUp ? brokenOff : noWayThrough)
    this.#changed()
  }
}
