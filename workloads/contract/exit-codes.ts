/** Exit codes of every command and workload, after sysexits.h, so that a supervisor can tell what would help. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  /** Wrong words on the command line. */
  usage: 64,
  /** Something this needs is taken or missing: a port, a folder's lock. */
  unavailable: 69,
  /** A defect of ours. */
  software: 70,
  /** A file that does not parse or breaks its schema: restarting does not help. */
  config: 78,
} as const
