/**
 * Keeps some of the disk free. On a disk that is full to the last page nothing can be deleted either, for a deletion is
 * a write; so new mail is refused while there is still room for deletions and retention to work.
 */
import { statfsSync } from 'node:fs'
import { StoreFull } from '../store.ts'

/** Milliseconds for which an answer of the file system is used. */
const validMs = 1000

/** Takes what a write of `size` octets needs. @throws StoreFull */
export type Room = (size: number) => void

/** `reserve` is the octets to keep free; `now` in milliseconds, monotonic. */
export const roomOn = (dir: string, reserve: number, now: () => number): Room => {
  let until = Number.NEGATIVE_INFINITY
  let left = 0
  return (size) => {
    if (now() >= until) {
      const { bavail, bsize } = statfsSync(dir)
      left = bavail * bsize - reserve
      until = now() + validMs
    }
    if (left < size) throw new StoreFull('the disk is full')
    left -= size
  }
}
