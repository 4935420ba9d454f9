/** The error of a start that cannot go on; the operator's commands end with the same. */
export { StartError } from '../../contract/start-error.ts'
