/** The body of a watch: one JSON event per line. */
import { WatchFormatError } from './errors.ts'

/** Far above the 1.5 MiB that etcd takes for one object; what never ends a line is no watch. */
export const longestLine = 16 * 1024 * 1024

const newline = 0x0a

/**
 * The complete lines of a stream of bytes, without their ends and without empty ones. A last line that nothing ended was
 * cut off and is dropped: the next watch tells it again.
 * @throws WatchFormatError on a line that is longer than `limit` bytes
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>, limit = longestLine): AsyncGenerator<string> {
  let pending: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, end)]).toString('utf8')
      pending = []
      length = 0
      from = end + 1
      if (line.trim() !== '') yield line
    }
    if (from < chunk.length) pending.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > limit) throw new WatchFormatError(`a line of the watch is longer than ${limit} bytes`)
  }
}
