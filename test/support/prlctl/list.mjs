// @ts-check
// `prlctl list`: text and JSON, short and full, all VMs or one. Options may come before or after the VM and may be
// joined (`-ao name`). Not confirmed for the real program: the text of `-L`, and of `-i` beyond the lines that tools read.
import { Exit, vmOf } from './exit.mjs';
import { phaseOf } from './machine.mjs';
import { fullRecord, shortRecord, toolsOf } from './records.mjs';

/** @typedef {import('./store.d.mts').State} State */
/** @typedef {import('./store.d.mts').SimulatedVm} Vm */

const FLAGS = { a: 'all', i: 'info', f: 'full', j: 'json', H: 'no-header', t: 'template', L: 'list-fields' };
const VALUES = { o: 'output', s: 'sort' };

/** Width of a column that is not the last. */
const FIELDS = {
  uuid: { header: 'UUID', width: 39 },
  status: { header: 'STATUS', width: 12 },
  ip: { header: 'IP_ADDR', width: 15 },
  ip_configured: { header: 'IP_ADDR', width: 15 },
  name: { header: 'NAME', width: 32 },
  ostemplate: { header: 'OSTEMPLATE', width: 32 },
  '-': { header: '-', width: 1 },
};

/** @param {readonly string[]} args after `list` */
export function parseListArgs(args) {
  /** @type {Set<string>} */
  const flags = new Set();
  /** @type {Record<string, string>} */
  const values = {};
  /** @type {string | undefined} */
  let ref;
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (!arg.startsWith('-') || arg === '-') {
      ref = arg;
      continue;
    }
    for (const name of namesOf(arg)) {
      if (Object.values(FLAGS).includes(name)) flags.add(name);
      else if (Object.values(VALUES).includes(name)) values[name] = queue.shift() ?? '';
      else throw new Exit(`Unrecognized option: ${arg}`);
    }
  }
  return { flags, values, ref };
}

/** @param {string} arg @returns {string[]} long names; an unknown letter stays a letter */
function namesOf(arg) {
  if (arg.startsWith('--')) return [arg.slice(2)];
  /** @type {Record<string, string>} */
  const letters = { ...FLAGS, ...VALUES };
  return [...arg.slice(1)].map((letter) => letters[letter] ?? letter);
}

/** @param {readonly string[]} args @returns {'short' | 'full' | undefined} which JSON form is asked for */
export function jsonForm(args) {
  const { flags } = parseListArgs(args);
  return flags.has('json') ? (flags.has('info') ? 'full' : 'short') : undefined;
}

/** @param {State} state @param {readonly string[]} args after `list` @returns {string} */
export function list(state, args) {
  const { flags, values, ref } = parseListArgs(args);
  if (flags.has('list-fields'))
    return Object.entries(FIELDS)
      .map(([name, { header }]) => `${name.padEnd(15)} ${header}\n`)
      .join('');
  const columns = values.output === undefined ? undefined : columnsOf(values.output);
  const vms = sorted(selected(state, flags, ref), values.sort ?? columns?.[0] ?? 'name');
  if (flags.has('info')) {
    if (!flags.has('json')) return vms.map((vm) => infoText(state, vm)).join('\n');
    const hasHome = ref !== undefined || state.faults['missing-home'] === undefined;
    return json(vms.map((vm) => fullRecord(state, vm, hasHome)));
  }
  const rows = vms.map((vm) => shortRecord(vm, flags.has('full')));
  if (flags.has('json')) return json(columns === undefined ? rows : rows.map((row) => pick(row, columns)));
  return table(rows, columns ?? ['uuid', 'status', 'ip_configured', 'name'], !flags.has('no-header'));
}

/** @param {State} state @param {Set<string>} flags @param {string | undefined} ref */
function selected(state, flags, ref) {
  if (ref !== undefined) return [vmOf(state, ref)];
  const wanted = state.vms.filter((vm) => vm.template === flags.has('template'));
  const isAll = flags.has('all') || flags.has('info') || flags.has('template');
  return isAll ? wanted : wanted.filter((vm) => phaseOf(vm).state === 'running');
}

/** @param {string} text @returns {(keyof typeof FIELDS)[]} */
function columnsOf(text) {
  return text.split(',').map((name) => {
    if (Object.hasOwn(FIELDS, name)) return /** @type {keyof typeof FIELDS} */ (name);
    throw new Exit(`Unknown field: ${name}`, 1);
  });
}

/** @param {Vm[]} vms @param {string} field */
function sorted(vms, field) {
  const keys = new Map(vms.map((vm) => [vm, cell(shortRecord(vm, true), columnsOf(field)[0] ?? 'name')]));
  const key = (/** @type {Vm} */ vm) => keys.get(vm) ?? '';
  return [...vms].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** @param {ReturnType<typeof shortRecord>} row @param {keyof typeof FIELDS} field @returns {string} */
function cell(row, field) {
  if (field === 'uuid') return `{${row.uuid}}`;
  if (field === 'status' || field === 'name') return row[field];
  return field === 'ip' || field === 'ip_configured' ? row.ip_configured : '';
}

/** @param {ReturnType<typeof shortRecord>} row @param {(keyof typeof FIELDS)[]} columns */
function pick(row, columns) {
  return Object.fromEntries(columns.map((name) => [name, name === 'uuid' ? row.uuid : cell(row, name)]));
}

/**
 * The last column is not padded, but each address in it has a space after it.
 * @param {ReturnType<typeof shortRecord>[]} rows
 * @param {(keyof typeof FIELDS)[]} columns
 * @param {boolean} hasHeader
 */
function table(rows, columns, hasHeader) {
  const line = (/** @type {string[]} */ cells) =>
    `${cells.map((text, i) => (i === cells.length - 1 ? text : text.padEnd(FIELDS[columns[i] ?? '-'].width))).join(' ')}\n`;
  const last = columns.at(-1);
  const isAddress = last === 'ip' || last === 'ip_configured';
  const body = rows.map((row) => line(columns.map((name) => cell(row, name))));
  const header = hasHeader ? line(columns.map((name) => FIELDS[name].header)) : '';
  return header + body.map((text) => (isAddress ? text.replace(/\n$/, ' \n') : text)).join('');
}

/** @param {State} state @param {Vm} vm */
function infoText(state, vm) {
  const tools = toolsOf(state, vm);
  return [
    `ID: {${vm.id}}`,
    `Name: ${vm.name}`,
    'Description: ',
    'Type: VM',
    `State: ${phaseOf(vm).state}`,
    `OS: ${vm.os}`,
    `GuestTools: state=${tools.state}${'version' in tools ? ` version=${tools.version}` : ''}`,
    'Hardware:',
    ...vm.macs.map((mac, i) => `  net${i} (+) type=${i === 0 ? 'shared' : 'bridged'} mac=${mac} card=virtio`),
    '',
  ].join('\n');
}

/** Indented with tabs, slashes escaped. @param {unknown} value */
function json(value) {
  return `${JSON.stringify(value, null, '\t').replaceAll('/', '\\/')}\n`;
}
