/** What the relay counts: plain numbers, because they change with every frame, read when somebody asks. */

export const newCounters = () => ({
  packets: { legacy: 0, modern: 0 },
  bytes: { legacy: 0, modern: 0 },
  /** Clients that have proven their key. */
  accepted: { legacy: 0, modern: 0 },
  dropped: { unknown_receiver: 0, queue_full: 0, notice_queue_full: 0 },
  /** Connections ended by the relay. */
  closed: {
    handshake_failed: 0,
    handshake_timeout: 0,
    bad_frame: 0,
    ping_timeout: 0,
    write_timeout: 0,
    superseded: 0,
    drained: 0,
  },
  /** Connections and requests that were turned away. */
  refused: { address_full: 0, too_fast: 0, full: 0, draining: 0, bad_upgrade: 0, bad_request: 0, tls: 0 },
  pings: 0,
  slowedDown: 0,
})

export type Counters = ReturnType<typeof newCounters>
export type CloseReason = keyof Counters['closed']
export type Refusal = keyof Counters['refused']
