// What must be true of a stored host: by itself (`hostProblems`), and beside the others (`refuseCollision`). The rules
// for listen addresses that overlap are the compiler's.
import { invalid, type Problem, ProxyError } from '../../src/errors.ts';
import type { Host } from '../../src/model/host.ts';
import { hostKeys, hostPort, refKey, shellWord } from './refs.ts';

/** @throws ProxyError invalid, with all problems */
export function refuseInvalid(problems: readonly Problem[]): void {
  if (problems.length > 0) throw invalid(problems);
}

/** All that is wrong with a host by itself. */
export function hostProblems(host: Host): Problem[] {
  return [...(host.tcp_route === undefined ? [] : tcpProblems(host)), ...tlsProblems(host), ...corsProblems(host)];
}

function tcpProblems(host: Host): Problem[] {
  const name = shellWord(host.name);
  const problems: Problem[] = [];
  if (host.http_routes.length > 0) {
    problems.push({
      path: 'tcp_route',
      message: `host ${name} cannot have HTTP routes and a TCP route; remove one kind (\`prproxy route http remove ${name} …\` or \`prproxy route tcp remove ${name}\`) or add another host`,
    });
  }
  for (const field of ['cors', 'tls'] as const) {
    if (host[field] === undefined) continue;
    problems.push({
      path: field,
      message: `host ${name} has a TCP route, which takes no ${field}; remove one of the two`,
    });
  }
  return problems;
}

function tlsProblems({ tls }: Host): Problem[] {
  if (tls === undefined || !tls.enabled) return [];
  return (['cert', 'key'] as const)
    .filter((field) => tls[field] === undefined)
    .map((field) => ({ path: `tls.${field}`, message: 'is needed: give PEM text or the path of a file' }));
}

function corsProblems(host: Host): Problem[] {
  if (host.cors?.enabled !== true) return [];
  return host.http_routes.flatMap((route, index) =>
    Object.keys(route.response_headers)
      .filter((name) => name.toLowerCase().startsWith('access-control-'))
      .map((name) => ({
        path: `http_routes[${index}].response_headers.${name}`,
        message: 'is set by cors on this host; remove it, or turn cors off',
      })),
  );
}

/**
 * Names, ids and host:port of all hosts are one name space, so that a reference is never ambiguous.
 * @param others all hosts but this one
 * @throws ProxyError conflict
 */
export function refuseCollision(host: Host, others: readonly Host[]): void {
  const address = refKey(hostPort(host));
  const name = refKey(host.name);
  for (const other of others) {
    const otherName = shellWord(other.name);
    if (refKey(hostPort(other)) === address) {
      throw new ProxyError(
        'conflict',
        `${hostPort(host)} is used by host ${otherName}; choose another host or port, or run \`prproxy host remove ${otherName}\``,
        { host_id: other.id },
      );
    }
    if (refKey(other.name) === name) {
      throw new ProxyError(
        'conflict',
        `the name ${host.name} is taken; choose another, or run \`prproxy host remove ${otherName}\``,
        {
          host_id: other.id,
        },
      );
    }
    if (hostKeys(other).includes(name)) {
      throw new ProxyError(
        'conflict',
        `the name ${host.name} is the id or the host:port of host ${otherName}; choose another`,
        {
          host_id: other.id,
        },
      );
    }
    if (refKey(other.name) === address) {
      throw new ProxyError('conflict', `${hostPort(host)} is the name of host ${otherName}; rename that host first`, {
        host_id: other.id,
      });
    }
  }
}
