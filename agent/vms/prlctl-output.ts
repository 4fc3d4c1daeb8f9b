// Reads what `prlctl list --json` prints, in its short and its full form. Nothing about the output is taken for
// granted: a record without an id is dropped, a missing key is an empty value. Invariant: output that is not surely a
// list of VMs is an error, for "no VMs" would take every route down. Pure.
import { readAddress } from './address.ts';
import { findList } from './json-list.ts';
import { ProviderError, type VmReading } from './provider.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MAC = /^[0-9a-f]{12}$/i;
/** Addresses come from the guest; more than this many are noise. */
export const MAX_ADDRESSES = 64;

/** Canonical id: lower case, no braces. Undefined: not a UUID. */
export function readVmId(text: string): string | undefined {
  const id = text
    .trim()
    .replace(/^\{(.*)\}$/, '$1')
    .toLowerCase();
  return UUID.test(id) ? id : undefined;
}

/**
 * Of two records with one id the first counts.
 * @param text of one `prlctl list --json`, whatever precedes the JSON
 * @throws ProviderError `unparsable`
 */
export function parseVmList(text: string): VmReading[] {
  const records = findList(text, (record) => readId(record) !== undefined);
  if (records === undefined) throw unparsable(text);
  const readings = new Map<string, VmReading>();
  for (const record of records) {
    const reading = readRecord(record);
    if (reading !== undefined && !readings.has(reading.id)) readings.set(reading.id, reading);
  }
  return [...readings.values()];
}

/**
 * The full form knows more, the short one with `-f` is where addresses are sure to be: addresses of both count, the
 * short form's first. A VM that only one of them lists appeared or went in between and is kept until the next reading.
 */
export function mergeReadings(full: readonly VmReading[], short: readonly VmReading[]): VmReading[] {
  const merged = new Map(short.map((reading) => [reading.id, reading]));
  for (const reading of full) {
    merged.set(reading.id, { ...reading, addresses: union(merged.get(reading.id)?.addresses, reading.addresses) });
  }
  return [...merged.values()];
}

function union(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  return a === undefined ? b : b === undefined ? a : [...new Set([...a, ...b])];
}

export type JsonObject = Readonly<Record<string, unknown>>;

function readRecord(value: unknown): VmReading | undefined {
  const id = readId(value);
  if (id === undefined) return undefined;
  const record = objectFrom(value);
  const tools = objectFrom(record.GuestTools);
  return {
    key: `parallels:${id}`,
    id,
    name: textFrom(record.Name) || textFrom(record.name) || id,
    state: (textFrom(record.State) || textFrom(record.status)).trim().toLowerCase() || 'unknown',
    os: textFrom(record.OS),
    uptime: textFrom(record.Uptime),
    guestToolsState: textFrom(tools.state),
    guestToolsVersion: textFrom(tools.version),
    addresses: readAddresses(record),
    addressSource: 'prlctl',
    macs: readMacs(record),
  };
}

function readId(value: unknown): string | undefined {
  const record = objectFrom(value);
  return readVmId(textFrom(record.ID)) ?? readVmId(textFrom(record.uuid));
}

/** `Hardware.net0.mac` and so on; told in the full form only. */
function readMacs(record: JsonObject): string[] {
  const adapters = Object.entries(objectFrom(record.Hardware)).filter(([name]) => /^net\d+$/.test(name));
  return adapters.flatMap(([, adapter]) => {
    const { type, mac } = objectFrom(adapter);
    return type === 'shared' && MAC.test(textFrom(mac)) ? textFrom(mac).toLowerCase() : [];
  });
}

/** The full form of old versions has no `Network`: that is no "none". */
function readAddresses(record: JsonObject): string[] | undefined {
  const network = objectFrom(record.Network).ipAddresses;
  if (record.ip_configured === undefined && network === undefined) return undefined;
  const configured = textFrom(record.ip_configured).split(/[\s,]+/);
  const listed = Array.isArray(network) ? network.map((entry) => textFrom(objectFrom(entry).ip)) : [];
  const found = new Set<string>();
  for (const text of [...configured, ...listed]) {
    const ip = readAddress(text);
    if (ip !== undefined && found.size < MAX_ADDRESSES) found.add(ip);
  }
  return [...found];
}

/** Anything but an object is an empty one. */
export function objectFrom(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

/** Anything but text or a number is empty. */
export function textFrom(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

const EXCERPT_CHARACTERS = 80;

function unparsable(text: string): ProviderError {
  const reason = 'prlctl printed no list of VMs';
  const excerpt = text.trim().slice(0, EXCERPT_CHARACTERS);
  return new ProviderError(
    'unparsable',
    reason,
    `${reason} but ${excerpt === '' ? 'nothing' : JSON.stringify(excerpt)}`,
  );
}
