// A limit for everything that waits for another program: a run never hangs.
export function within<T>(limitMs: number, what: string, job: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} took more than ${limitMs / 1000} s`)), limitMs);
  return Promise.race([job, promise]).finally(() => clearTimeout(timer));
}
