/** Asking a workload which version of a mounted file is in force. */
import { get } from 'node:http'
import { workloadState } from '../../workloads/contract/state.ts'

const timeoutMs = 3000
const maxBytes = 1024 * 1024

const read = (url: string, token: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    const request = get(url, { agent: false, timeout: timeoutMs, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
        if (body.length > maxBytes) request.destroy(new Error('too long'))
      })
      response.on('end', () => resolve(body))
      response.on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error('no answer')))
    request.on('error', reject)
  })

/** The digest of `file` as the workload at `port` has it in force, or null where it cannot tell. */
export const loadedDigest = async (host: string, port: number, token: string, file: string): Promise<string | null> => {
  try {
    const state = workloadState.parse(JSON.parse(await read(`http://${host}:${port}/state`, token)))
    return state.loaded[file]?.digest ?? null
  } catch {
    return null
  }
}
