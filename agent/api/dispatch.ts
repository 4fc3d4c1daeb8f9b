// The one place where a call of the method table is validated and where what goes wrong becomes a ProxyError. RPC and
// REST both end here, so a handler sees checked input only.
import { randomBytes } from 'node:crypto';
import { type Handlers, type MethodName, methods } from '../../src/contract.ts';
import { invalid, ProxyError } from '../../src/errors.ts';
import type { Log } from '../control/log.ts';
import { issueMessage, problemsFromIssues } from '../control/problems.ts';
import { withoutAbsent } from './absent.ts';
import { fieldsAt } from './known-fields.ts';

/** Rejects with nothing but ProxyError. */
export type Dispatch = (name: string, params: unknown) => Promise<unknown>;

export function createDispatch(handlers: Handlers, log: Log): Dispatch {
  return async (name, params) => {
    try {
      if (!isMethod(name)) throw new ProxyError('unknown_method', `no operation ${name.slice(0, 100)}`);
      return await call(handlers, name, params);
    } catch (error) {
      throw knownError(error, name, log);
    }
  };
}

/** Anything but a ProxyError is a bug: it is logged under a short id, and the caller learns the id only. */
export function knownError(error: unknown, where: string, log: Log): ProxyError {
  if (error instanceof ProxyError) return error;
  const id = randomBytes(4).toString('hex');
  log.error({ err: error, bug: id, where }, `bug ${id}`);
  return new ProxyError('internal', `prproxy made an error, see bug ${id} in \`prproxy agent logs\``, { bug: id });
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}

async function call<M extends MethodName>(handlers: Handlers, name: M, params: unknown): Promise<unknown> {
  const { params: schema, ...row } = methods[name];
  const given = params ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw invalid([{ path: '', message: 'must be an object of fields' }]);
  const nullRemoves = 'nullRemoves' in row && row.nullRemoves === true;
  const parsed = schema.safeParse(withoutAbsent(given as Record<string, unknown>, nullRemoves), {
    error: issueMessage,
  });
  if (!parsed.success) throw invalid(problemsFromIssues(parsed.error.issues, [], (path) => fieldsAt(schema, path)));
  // The table pairs a row's schema with its handler; TypeScript cannot follow that through a union.
  return (handlers[name] as (checked: unknown) => unknown)(parsed.data);
}
