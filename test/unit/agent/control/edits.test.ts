import { describe, expect, test } from 'vitest';
import * as edits from '../../../../agent/control/edits.ts';
import type { HttpRouteInput, TcpRouteInput } from '../../../../agent/control/lookup.ts';
import { findHost, findHttpRoute } from '../../../../agent/control/refs.ts';
import type { ErrorCode } from '../../../../src/errors.ts';
import { ProxyError } from '../../../../src/errors.ts';
import type { ProxyConfig } from '../../../../src/model/config.ts';
import { HttpRouteDraft, TcpRouteDraft } from '../../../../src/model/host.ts';
import { emptyConfig, UBUNTU } from './fakes.ts';

function http(path: string, more: object = {}): HttpRouteInput {
  const place = path.startsWith('/') ? { path } : { pattern: path };
  return { ...HttpRouteDraft.parse({ ...place, target_host: '10.0.0.5', target_port: 8080, ...more }), vm: undefined };
}

function tcp(port = 22, more: object = {}): TcpRouteInput {
  return { ...TcpRouteDraft.parse({ target_host: '10.0.0.5', target_port: port, ...more }), vm: undefined };
}

function withHosts(...hosts: edits.HostInput[]): ProxyConfig {
  return hosts.reduce((config, host, index) => edits.addHost(config, host, `id-${index + 1}`), emptyConfig());
}

const WEB = { name: 'web', host: 'web.local', port: '80' };
const DB = { name: 'db', host: '127.0.0.1', port: '5432' };

function paths(config: ProxyConfig, ref = 'web'): string[] {
  const routes = findHost(config, ref).http_routes;
  expect(routes.map((route) => route.order)).toEqual(routes.map((_, index) => index + 1));
  return routes.map((route) => route.path ?? route.pattern ?? '');
}

function refused(code: ErrorCode, text: RegExp, edit: () => unknown): void {
  try {
    edit();
  } catch (error) {
    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(text);
    return;
  }
  throw new Error('was not refused');
}

describe('hosts', () => {
  test('a host left without address and name gets the default ones', () => {
    const config = withHosts({});
    expect(config.hosts).toEqual([
      { id: 'id-1', name: '0.0.0.0:5080', host: '0.0.0.0', port: '5080', http_routes: [] },
    ]);
  });

  test.each(['id-1', 'ID-1', 'web', 'WEB', 'web.local:80', 'Web.Local:80'])('is found as %s', (ref) => {
    expect(findHost(withHosts(WEB), ref).id).toBe('id-1');
  });

  test.each(['[::1]:80', '[0:0:0:0:0:0:0:1]:80'])('an IPv6 host is found as %s', (ref) => {
    expect(findHost(withHosts({ name: 'six', host: '::1', port: '80' }), ref).id).toBe('id-1');
  });

  test('an unknown host is not found', () => {
    refused('not_found', /no host nope; see `prproxy host list`/, () => edits.removeHost(withHosts(WEB), 'nope'));
  });

  test('another host with the same host and port is refused and named', () => {
    refused('conflict', /web\.local:80 is used by host web.*`prproxy host remove web`/, () =>
      withHosts(WEB, { ...WEB, name: 'b' }),
    );
  });

  test('a name is taken whatever its case', () => {
    refused('conflict', /the name WEB is taken/, () => withHosts(WEB, { ...DB, name: 'WEB' }));
  });

  test.each(['id-1', 'WEB.local:80'])('the name %s that means another host is refused', (name) => {
    refused('conflict', /is the id or the host:port of host web/, () => withHosts(WEB, { ...DB, name }));
  });

  test('an address that is the name of another host is refused', () => {
    refused('conflict', /127\.0\.0\.1:5432 is the name of host 127\.0\.0\.1:5432/, () => {
      withHosts({ ...WEB, name: '127.0.0.1:5432' }, DB);
    });
  });

  test('an id on add is refused', () => {
    refused('invalid', /id: is given by prproxy/, () => withHosts({ ...WEB, id: 'x' }));
  });

  test('a different id on update is refused, the same one is not', () => {
    const config = withHosts(WEB);
    refused('invalid', /id: must be id-1 or left out/, () => edits.updateHost(config, 'web', { id: 'id-2' }));
    expect(edits.updateHost(config, 'web', { id: 'id-1' })).toBe(config);
  });

  test('an update leaves what is absent and removes what is null', () => {
    const config = withHosts({ ...WEB, cors: { enabled: true }, http_routes: [http('/a')] });
    const moved = findHost(edits.updateHost(config, 'web', { port: '81' }), 'web');
    expect(moved).toMatchObject({ name: 'web', host: 'web.local', port: '81', cors: { enabled: true } });
    expect(moved.http_routes).toBe(config.hosts[0]?.http_routes);
    const bare = edits.updateHost(config, 'web', { name: null, host: null, port: null, cors: null, http_routes: null });
    expect(bare.hosts).toEqual([{ id: 'id-1', name: '0.0.0.0:5080', host: '0.0.0.0', port: '5080', http_routes: [] }]);
  });

  test('a default name follows the address, also when it is sent back as it was shown', () => {
    const config = withHosts({ host: 'web.local', port: '80' });
    expect(edits.updateHost(config, 'id-1', { port: '81' }).hosts[0]?.name).toBe('web.local:81');
    expect(edits.updateHost(config, 'id-1', { name: 'web.local:80', port: '81' }).hosts[0]?.name).toBe('web.local:81');
    expect(edits.updateHost(config, 'id-1', { name: 'web', port: '81' }).hosts[0]?.name).toBe('web');
  });

  test('hosts that an edit does not concern keep their objects, and an edit without effect gives the same config', () => {
    const config = withHosts(WEB, DB);
    const next = edits.addHttpRoute(config, 'web', http('/a'));
    expect(next.hosts[1]).toBe(config.hosts[1]);
    expect(next.hosts[0]).not.toBe(config.hosts[0]);
    expect(edits.addHttpRoute(next, 'web', http('/a'))).toBe(next);
    expect(edits.setEnabled(config, false)).toBe(config);
    expect(edits.setProxy(config, { timeouts: { connect: 5 } })).toBe(config);
  });

  test('tls needs both certificate and key, and an absent key keeps the stored one', () => {
    refused('invalid', /tls\.cert: is needed.*tls\.key: is needed/, () =>
      withHosts({ ...WEB, tls: { enabled: true } }),
    );
    const config = withHosts({ ...WEB, tls: { enabled: true, cert: 'C', key: 'K' } });
    const next = edits.updateHost(config, 'web', { tls: { enabled: true, cert: 'D' } });
    expect(next.hosts[0]?.tls).toEqual({ enabled: true, cert: 'D', key: 'K' });
  });

  test('Access-Control fields are refused beside cors', () => {
    const route = http('/a', { response_headers: { 'Access-Control-Allow-Origin': '*' } });
    refused('invalid', /http_routes\[0\]\.response_headers\.Access-Control-Allow-Origin/, () => {
      withHosts({ ...WEB, cors: { enabled: true }, http_routes: [route] });
    });
    expect(withHosts({ ...WEB, cors: { enabled: false, max_age: 1 }, http_routes: [route] }).hosts).toHaveLength(1);
  });
});

describe('HTTP routes', () => {
  test('a route without order goes before the first literal route whose path is a prefix of its own, else last', () => {
    let config = withHosts({ ...WEB, http_routes: [http('/api'), http('/')] });
    config = edits.addHttpRoute(config, 'web', http('/api/v1'));
    config = edits.addHttpRoute(config, 'web', http('/apples'));
    config = edits.addHttpRoute(config, 'web', http('^/x'));
    expect(paths(config)).toEqual(['/api/v1', '/api', '/apples', '/', '^/x']);
  });

  test('a route with order goes there, or to the end when there are fewer', () => {
    let config = withHosts({ ...WEB, http_routes: [http('/a'), http('/b')] });
    config = edits.addHttpRoute(config, 'web', http('/c', { order: 1 }));
    config = edits.addHttpRoute(config, 'web', http('/d', { order: 99 }));
    expect(paths(config)).toEqual(['/c', '/a', '/b', '/d']);
  });

  test('the route with the same path is replaced and keeps id and order', () => {
    const config = withHosts({ ...WEB, http_routes: [http('/a'), http('/b')] });
    const next = edits.addHttpRoute(config, 'web', http('/a', { target_port: 9 }));
    expect(paths(next)).toEqual(['/a', '/b']);
    expect(next.hosts[0]?.http_routes[0]).toMatchObject({ id: config.hosts[0]?.http_routes[0]?.id, target_port: '9' });
    expect(next.hosts[0]?.http_routes[1]).toBe(config.hosts[0]?.http_routes[1]);
    expect(paths(edits.addHttpRoute(next, 'web', http('/a', { order: 2 })))).toEqual(['/b', '/a']);
  });

  test('a route with an id that is not its own is refused', () => {
    const config = withHosts({ ...WEB, http_routes: [http('/a'), http('/b')] });
    const [a, b] = config.hosts[0]!.http_routes;
    refused('invalid', /id: must be/, () => edits.addHttpRoute(config, 'web', http('/a', { id: b!.id })));
    refused('invalid', /id: is given by prproxy/, () => edits.addHttpRoute(config, 'web', http('/c', { id: a!.id })));
  });

  test('is found by id, path, path with a closing slash, and pattern', () => {
    const config = withHosts({ ...WEB, http_routes: [http('/a'), http('^/x/')] });
    const host = config.hosts[0]!;
    expect(findHttpRoute(host, host.http_routes[0]!.id).path).toBe('/a');
    expect(findHttpRoute(host, '/a/').path).toBe('/a');
    expect(findHttpRoute(host, '^/x/').pattern).toBe('^/x/');
    refused('not_found', /host web has no HTTP route \/z; see `prproxy route http list web`/, () =>
      findHttpRoute(host, '/z'),
    );
  });

  test('removing and moving renumber', () => {
    const config = withHosts({ ...WEB, http_routes: [http('/a'), http('/b'), http('/c')] });
    expect(paths(edits.moveHttpRoute(config, 'web', '/c', 1))).toEqual(['/c', '/a', '/b']);
    expect(paths(edits.moveHttpRoute(config, 'web', '/a', 9))).toEqual(['/b', '/c', '/a']);
    expect(edits.moveHttpRoute(config, 'web', '/b', 2)).toBe(config);
    expect(paths(edits.removeHttpRoute(config, 'web', '/a'))).toEqual(['/b', '/c']);
  });

  test('a list replaces the routes in its order; ids stay with their routes', () => {
    const config = withHosts({ ...WEB, http_routes: [http('/a'), http('/b')] });
    const [a, b] = config.hosts[0]!.http_routes;
    const next = edits.updateHost(config, 'web', {
      http_routes: [http('/b', { order: 2 }), http('/moved', { id: a!.id }), http('/new')],
    });
    expect(paths(next)).toEqual(['/b', '/moved', '/new']);
    expect(next.hosts[0]?.http_routes.map((route) => route.id).slice(0, 2)).toEqual([b!.id, a!.id]);
  });

  test('a list with the same path twice or an unknown id is refused, with all problems', () => {
    const config = withHosts(WEB);
    refused(
      'invalid',
      /http_routes\[1\]\.path: is that of http_routes\[0\] too; http_routes\[2\]\.id: is no route of host web/,
      () => {
        edits.updateHost(config, 'web', { http_routes: [http('/a'), http('/a'), http('/b', { id: 'zz' })] });
      },
    );
  });

  test('what is output only is not stored', () => {
    const config = withHosts({ ...WEB, http_routes: [{ ...http('/a'), vm: { id: UBUNTU, name: 'Ubuntu' } }] });
    expect(Object.keys(config.hosts[0]!.http_routes[0]!).sort()).toEqual(
      [
        'id',
        'order',
        'path',
        'request_headers',
        'response_headers',
        'schema',
        'target_host',
        'target_port',
        'target_vm_id',
        'target_vm_name',
      ].sort(),
    );
  });
});

describe('TCP routes', () => {
  test('a set replaces the route and keeps its id', () => {
    const config = edits.setTcpRoute(withHosts(DB), 'db', tcp());
    const { id } = config.hosts[0]!.tcp_route!;
    const next = edits.setTcpRoute(config, 'db', tcp(23, { id }));
    expect(next.hosts[0]?.tcp_route).toEqual({ id, target_host: '10.0.0.5', target_port: '23' });
    refused('invalid', /tcp_route\.id/, () => edits.setTcpRoute(config, 'db', tcp(23, { id: 'zz' })));
  });

  test('one kind of route refuses the other, with the remedy', () => {
    const web = withHosts({ ...WEB, http_routes: [http('/a')] });
    refused('invalid', /cannot have HTTP routes and a TCP route.*prproxy route http remove web/, () =>
      edits.setTcpRoute(web, 'web', tcp()),
    );
    const db = edits.setTcpRoute(withHosts(DB), 'db', tcp());
    refused('invalid', /prproxy route tcp remove db/, () => edits.addHttpRoute(db, 'db', http('/a')));
    refused('invalid', /cannot have/, () => withHosts({ ...WEB, http_routes: [http('/a')], tcp_route: tcp() }));
  });

  test('one kind can be exchanged for the other in one update', () => {
    const web = withHosts({ ...WEB, http_routes: [http('/a')] });
    const next = edits.updateHost(web, 'web', { http_routes: null, tcp_route: tcp() });
    expect(next.hosts[0]).toMatchObject({ http_routes: [], tcp_route: { target_port: '22' } });
    expect(edits.updateHost(next, 'web', { tcp_route: null }).hosts[0]?.tcp_route).toBeUndefined();
  });

  test('cors and tls are refused beside one', () => {
    refused('invalid', /cors: host db has a TCP route/, () =>
      withHosts({ ...DB, cors: { enabled: true }, tcp_route: tcp() }),
    );
    refused('invalid', /tls: host db has a TCP route/, () => {
      withHosts({ ...DB, tls: { enabled: true, cert: 'C', key: 'K' }, tcp_route: tcp() });
    });
  });

  test('removing none is not found', () => {
    refused('not_found', /host db has no TCP route/, () => edits.removeTcpRoute(withHosts(DB), 'db'));
    const config = edits.removeTcpRoute(edits.setTcpRoute(withHosts(DB), 'db', tcp()), 'db');
    expect(config.hosts[0]).not.toHaveProperty('tcp_route');
  });
});

describe('the proxy', () => {
  test('settings are merged field by field', () => {
    const config = edits.setProxy(emptyConfig(), { port: '6000', timeouts: { drain: 1 }, limits: { connections: 5 } });
    expect(config.proxy).toMatchObject({
      host: '0.0.0.0',
      port: '6000',
      timeouts: { drain: 1, connect: 5 },
      limits: { connections: 5 },
    });
  });

  test('enabled may be sent back, not changed', () => {
    const config = emptyConfig();
    expect(edits.setProxy(config, { enabled: false })).toBe(config);
    refused('invalid', /enabled: is changed by `prproxy enable` and `prproxy disable`/, () =>
      edits.setProxy(config, { enabled: true }),
    );
  });
});
