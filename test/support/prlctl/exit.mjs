// @ts-check
// How the simulated prlctl fails: a text on stderr and an exit code.

/** Any error of the SDK; -1 as a byte. */
export const SDK_ERROR = 255;
/** The service cannot be reached. */
export const NOT_CONNECTED = 253;

export class Exit extends Error {
  /** @param {string} text for stderr @param {number} code @param {string} [stdout] printed before */
  constructor(text, code = SDK_ERROR, stdout = '') {
    super(text);
    this.code = code;
    this.stdout = stdout;
  }
}

/**
 * By id (with braces or without, any case) or exact name.
 * @param {import('./store.d.mts').State} state
 * @param {string | undefined} ref
 */
export function vmOf(state, ref) {
  if (ref === undefined) throw new Exit('Usage: prlctl <action> <ID | NAME> [OPTIONS]');
  const id = ref.replace(/^\{(.*)\}$/, '$1').toLowerCase();
  const vm = state.vms.find((one) => one.id === id) ?? state.vms.find((one) => one.name === ref);
  if (vm !== undefined) return vm;
  throw new Exit(
    'Failed to get VM config: The virtual machine could not be found. ' +
      'The virtual machine is not registered in the virtual machine directory on your Mac.',
  );
}
