/** All rows of a server's dashboard, from top to bottom. */
import type { Row } from '../panels.ts'
import { iroh } from './iroh.ts'
import { mail } from './mail.ts'
import { operator } from './operator.ts'
import { overview } from './overview.ts'
import { resources } from './resources.ts'
import { turn } from './turn.ts'

export const rows: readonly Row[] = [overview, mail, turn, iroh, resources, operator]
