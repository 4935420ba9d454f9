/** Reading one ChatmailServer from a file that a person wrote, with errors that say where and what. */
import { readFileSync } from 'node:fs'
import { type Document, parseAllDocuments } from 'yaml'
import { exitCodes } from '../../workloads/contract/exit-codes.ts'
import { type Problem, problemLine } from '../../workloads/contract/problems.ts'
import { StartError } from '../../workloads/contract/start-error.ts'
import { apiVersion, type ChatmailServer, kind, parseServer } from '../api/chatmail-server.ts'

const maxBytes = 1024 * 1024
const standardInput = 0

const refuse = (file: string, lines: readonly string[]): never => {
  throw new StartError(lines.map((line) => `${file}: ${line}`).join('\n'), exitCodes.config)
}

const fileErrors = new Map([
  ['ENOENT', 'there is no such file'],
  ['EISDIR', 'it is a folder; a file is wanted'],
  ['EACCES', 'it may not be read'],
])

const read = (file: string): string => {
  try {
    return readFileSync(file === '-' ? standardInput : file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return refuse(file, [fileErrors.get(code ?? '') ?? message])
  }
}

const onlyDocument = (file: string, text: string): unknown => {
  if (text.length > maxBytes) refuse(file, ['it is longer than 1 MiB'])
  const parsed = parseAllDocuments(text)
  const documents: Document[] = Array.isArray(parsed) ? parsed : []
  const errors = documents.flatMap((document) => document.errors)
  if (errors.length)
    refuse(
      file,
      errors.map((error) => error.message.split('\n', 1)[0]!.replace(/:$/, '')),
    )
  const filled = documents.filter((document) => document.contents !== null)
  if (filled.length !== 1) refuse(file, [`it holds ${filled.length} documents; one ${kind} is wanted`])
  try {
    return filled[0]!.toJS()
  } catch (error) {
    return refuse(file, [(error as Error).message])
  }
}

/** Of another kind of object, only that is worth telling. */
const relevant = (problems: readonly Problem[]): readonly Problem[] => {
  const header = problems.filter(({ path }) => path === 'kind' || path === 'apiVersion')
  return header.length
    ? header.map((problem) => ({ ...problem, allowed: problem.path === 'kind' ? kind : apiVersion }))
    : problems
}

/** The server that `file` (`-`: standard input) describes, with all defaults. @throws StartError */
export const readManifest = (file: string): ChatmailServer => {
  const parsed = parseServer(onlyDocument(file, read(file)))
  return parsed.ok ? parsed.server : refuse(file, relevant(parsed.problems).map(problemLine))
}
