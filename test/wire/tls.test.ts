// TLS on hosts: certificates by name on one port, what is refused, and that HTTP over it is the same HTTP.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Tls } from '../../src/model/host.ts';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import { RecordingOrigin, valuesOf } from '../support/recording-origin.ts';

const certificates = new Map<string, Tls>();
let folder: string;
let plane: DataPlane;
let origin: RecordingOrigin;
let port: number;

function makeCertificate(name: string): void {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ],
    { stdio: 'ignore' },
  );
  certificates.set(name, { enabled: true, cert: readFileSync(cert, 'utf8'), key });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prproxy-tls-'));
  for (const name of ['a.test', 'b.test']) makeCertificate(name);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  plane = new DataPlane();
  origin = await new RecordingOrigin().listen();
  port = await freePort();
});
afterEach(async () => {
  await plane.close();
  await origin.close();
});

function web(name: string) {
  const routes = [{ target_host: '127.0.0.1', target_port: String(origin.port) }];
  return { ...host({ host: name, port, routes }), tls: certificates.get(name)! };
}

interface TlsAnswer {
  readonly subject: string | undefined;
  readonly text: string;
  readonly error: string | undefined;
}

function ask(servername: string, hostHeader: string): Promise<TlsAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
    let text = '';
    let subject: string | undefined;
    socket.once('secureConnect', () => {
      const { CN } = socket.getPeerCertificate().subject;
      subject = typeof CN === 'string' ? CN : CN?.[0];
      socket.write(`GET /x HTTP/1.1\r\nHost: ${hostHeader}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve({ subject, text, error: error.code }));
    socket.once('close', () => resolve({ subject, text, error: undefined }));
  });
}

test('shows each name its own certificate on one port, and tells the target that the client came by https', async () => {
  await plane.run([web('a.test'), web('b.test')]);
  for (const name of ['a.test', 'b.test']) {
    const answer = await ask(name, name);
    expect(answer.subject).toBe(name);
    expect(answer.text).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/);
  }
  expect(valuesOf(origin.requests[0]!.rawHeaders, 'x-forwarded-proto')).toEqual(['https']);
});

test('answers an unknown name with an alert, not with somebody else’s certificate', async () => {
  await plane.run([web('a.test')]);
  expect(await ask('c.test', 'c.test')).toMatchObject({
    subject: undefined,
    error: expect.stringMatching(/ALERT|RESET/),
  });
});

test('takes an address for no server name (RFC 6066 3)', async () => {
  await plane.run([web('a.test')]);
  const answer = await ask('127.0.0.1', 'a.test');
  expect(answer.subject).toBe('a.test');
  expect(answer.text).toMatch(/^HTTP\/1\.1 200 /);
});

test('answers 421 when Host and server name disagree (9110 7.4)', async () => {
  await plane.run([web('a.test'), web('b.test')]);
  expect((await ask('a.test', 'b.test')).text).toMatch(/^HTTP\/1\.1 421 /);
});

test('drops plain HTTP and garbage on a TLS port, and goes on', async () => {
  await plane.run([web('a.test')]);
  for (const garbage of ['GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', '\x16\x03\x01\xff\xff']) {
    await new Promise((resolve) => {
      const socket = connectPlain(port, '127.0.0.1', () => socket.end(garbage, 'latin1'));
      socket.on('error', () => {});
      socket.resume().once('close', resolve);
    });
  }
  expect((await ask('a.test', 'a.test')).text).toMatch(/^HTTP\/1\.1 200 /);
});

test('refuses a key that does not belong to the certificate, without showing it', async () => {
  const mixed = { ...web('a.test'), tls: { ...certificates.get('a.test')!, key: certificates.get('b.test')!.key! } };
  const plan = await plane.boot([mixed, web('b.test')]);
  expect(plan.broken.get(mixed.id)!.message).toBe('tls.key: does not belong to the certificate');
  expect(plane.reconciler.hostState(mixed.id)).toMatchObject({ state: 'failed' });
  expect((await ask('b.test', 'b.test')).text).toMatch(/^HTTP\/1\.1 200 /);
});
