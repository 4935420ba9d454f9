/** Filling in the words of queries and alerts: one server's labels and names. */
import type { ChatmailServer } from '../../api/chatmail-server.ts'
import { serverSelector } from './scraped.ts'

export const inWords = (server: ChatmailServer, text: string): string =>
  text
    .replaceAll('$server', serverSelector(server))
    .replaceAll('$namespace', server.metadata.namespace)
    .replaceAll('$name', server.metadata.name)
    .replaceAll('$rate', '$__rate_interval')
