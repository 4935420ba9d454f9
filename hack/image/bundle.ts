/**
 * The program as the image holds it: `bundle.ts DIR` writes `/usr/local/bin/chatmail` and `/app` below DIR, for Node 24 on
 * any processor. A bundle starts faster and is smaller in memory than thousands of files; it is split, so that a
 * workload loads nothing of the operator.
 */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'
import { workloadNodeFlags } from '../../workloads/contract/workload-process.ts'

const project = join(import.meta.dirname, '../..')

/** What runs as a thread: a program of its own, beside the one that starts it. */
const threads = ['workloads/mail/store/sqlite/writer/thread.ts', 'workloads/turn/workers/thread.ts']

/** Files that a source names beside itself: a thread by its program, others as they are. In the bundle they lie elsewhere. */
const namesFile = /new URL\('\.\/([\w-]+)(\.\w+)', import\.meta\.url\)/g

/** `path` below the project, as the name of one file. */
const flatName = (path: string): string => path.replaceAll('/', '-')

const threadName = (path: string): string => flatName(path.replace(/\.ts$/, ''))

/** Names of the bundle for those of the sources; what is no program is copied into `outdir` under its new name. */
const namedFiles = (outdir: string): Plugin => ({
  name: 'named-files',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, ({ path: source }) => {
      const inBundle = (name: string, extension: string): string => {
        const path = relative(project, join(dirname(source), name + extension))
        if (extension !== '.ts') {
          cpSync(join(project, path), join(outdir, flatName(path)))
          return flatName(path)
        }
        if (threads.includes(path)) return `${threadName(path)}.js`
        throw new Error(`${source} starts ${name}.ts, which hack/image/bundle.ts does not know as a thread`)
      }
      const contents = readFileSync(source, 'utf8').replace(
        namesFile,
        (_, name: string, extension: string) => `new URL('./${inBundle(name, extension)}', import.meta.url)`,
      )
      return { contents, loader: 'ts' }
    })
  },
})

/** Some packages are CommonJS and ask for Node's own modules by `require`. */
const banner = "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);"

const bundle = (outdir: string) =>
  build({
    absWorkingDir: project,
    entryPoints: {
      chatmail: 'operator/main.ts',
      'early-signals': 'operator/early-signals.ts',
      ...Object.fromEntries(threads.map((path) => [threadName(path), path])),
    },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    banner: { js: banner },
    plugins: [namedFiles(outdir)],
    logLevel: 'warning',
    metafile: true,
  })

/** The kernel starts it without a shell; it passes the words after the interpreter as one, so there can be one flag. */
const launcher = (flags: readonly string[]): string => {
  if (flags.length !== 1) throw new Error('a first line holds one flag: give Node the others by NODE_OPTIONS')
  return `#!/usr/local/bin/node ${flags[0]}\nimport './early-signals.js'\nawait import('./chatmail.js')\n`
}

/** Writes the files below `root`; resolves to what esbuild tells about them. What is wrong it has printed by then. */
export const writeProgram = async (root: string): Promise<Metafile> => {
  rmSync(join(root, 'app'), { recursive: true, force: true })
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true })
  const { metafile } = await bundle(join(root, 'app'))
  writeFileSync(join(root, 'app/package.json'), '{"type":"module"}\n')
  writeFileSync(join(root, 'app/chatmail'), launcher(workloadNodeFlags))
  chmodSync(join(root, 'app/chatmail'), 0o755)
  rmSync(join(root, 'usr/local/bin/chatmail'), { force: true })
  symlinkSync('/app/chatmail', join(root, 'usr/local/bin/chatmail'))
  return metafile
}

if (import.meta.main) {
  const root = process.argv[2]
  if (!root) throw new Error('usage: bundle.ts DIR')
  await writeProgram(root).catch(() => process.exit(1))
}
