// Reads the leases of Parallels' DHCP server: which address the guest with that MAC was given last. They stay in the file
// when they have expired and when the VM has stopped, and say nothing of bridged adapters and of .macvm guests.
import { readFile } from 'node:fs/promises';
import { readAddress } from './address.ts';

/** Names another file. */
export const LEASES_VARIABLE = 'PRPROXY_DHCP_LEASES';
const LEASES = '/Library/Preferences/Parallels/parallels_dhcp_leases';

/** `10.211.55.126="1418288969,1800,001c4235240c,ff42…"`: address, expiry in epoch seconds, duration in seconds, MAC. */
const ROW = /^\s*([0-9a-f.:]+)\s*=\s*"(\d+),(\d+),([0-9a-f]{12})\b/gim;

/** MAC, as 12 lower-case hex digits, → address. */
export type Leases = ReadonlyMap<string, string>;

/** Of several leases of one MAC, and of one address, the one that was given last counts. */
export function parseLeases(text: string): Leases {
  const rows = [...text.matchAll(ROW)].flatMap(([, address = '', expiry, duration, hex = '']) => {
    const ip = readAddress(address);
    return ip === undefined ? [] : { ip, mac: hex.toLowerCase(), givenAt: Number(expiry) - Number(duration) };
  });
  rows.sort((a, b) => a.givenAt - b.givenAt);
  const holders = new Map(rows.map(({ ip, mac }) => [ip, mac]));
  const newest = new Map(rows.map(({ ip, mac }) => [mac, ip]));
  return new Map([...newest].filter(([mac, ip]) => holders.get(ip) === mac));
}

/** None when the file does not exist (no VM ever asked for an address) or may not be read. Never throws. */
export async function readLeases(env: NodeJS.ProcessEnv): Promise<Leases> {
  return parseLeases(await readFile(env[LEASES_VARIABLE] || LEASES, 'utf8').catch(() => ''));
}
