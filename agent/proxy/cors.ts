// CORS of one host, compiled: who may read answers across origins, and what a preflight is told. Never blocks a
// request: a foreign origin's request is forwarded and its answer carries no CORS fields (Fetch standard, CORS protocol).
import { type Fields, field, fieldValue, withoutFields } from '../http1/fields.ts';

const VARY_ORIGIN = field('Vary', 'Origin');
const VARY_PREFLIGHT = field('Vary', 'Access-Control-Request-Method') + field('Vary', 'Access-Control-Request-Headers');

export const DEFAULT_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export interface CorsOptions {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Undefined: those that the preflight asks for. */
  readonly headers: readonly string[] | undefined;
  readonly credentials: boolean;
  readonly exposed: readonly string[];
  /** Seconds; undefined: the browser's own. */
  readonly maxAge: number | undefined;
}

/** What a preflight gets. */
export interface PreflightAnswer {
  readonly status: 204 | 403;
  readonly fields: Fields;
}

export class CorsPolicy {
  readonly #options: CorsOptions;
  readonly #exact: ReadonlySet<string>;
  readonly #wild: readonly { prefix: string; suffix: string }[];
  readonly #methods: ReadonlySet<string>;
  readonly #headers: ReadonlySet<string> | undefined;
  /** Every origin gets the same `*`, so answers do not vary. */
  readonly #always: boolean;

  constructor(options: CorsOptions) {
    this.#options = options;
    this.#always = options.origins.includes('*') && !options.credentials;
    this.#exact = new Set(options.origins);
    this.#wild = options.origins.filter((o) => o !== '*' && o.includes('*')).map(splitAtStar);
    this.#methods = new Set(options.methods);
    this.#headers = options.headers && new Set(options.headers.map((name) => name.toLowerCase()));
  }

  /** The answer to a preflight; undefined when the request is none and goes on to the target. */
  preflight(method: string, fields: Fields): PreflightAnswer | undefined {
    if (method !== 'OPTIONS') return undefined;
    const origin = fieldValue(fields, 'origin');
    const asked = fieldValue(fields, 'access-control-request-method');
    if (origin === undefined || asked === undefined) return undefined;
    const vary = (this.#always ? '' : VARY_ORIGIN) + VARY_PREFLIGHT;
    const headers = fieldValue(fields, 'access-control-request-headers');
    const allowed = this.#allows(origin) && this.#methods.has(asked) && this.#allowsHeaders(headers);
    if (!allowed) return { status: 403, fields: vary };
    return { status: 204, fields: this.#preflightFields(origin, headers) + vary };
  }

  #preflightFields(origin: string, headers: string | undefined): Fields {
    const { methods, headers: listed, maxAge } = this.#options;
    let fields = this.#originFields(origin);
    fields += field('Access-Control-Allow-Methods', methods.join(', '));
    const names = listed === undefined ? headers : listed.join(', ');
    if (names !== undefined && names !== '') fields += field('Access-Control-Allow-Headers', names);
    if (maxAge !== undefined) fields += field('Access-Control-Max-Age', String(maxAge));
    return fields;
  }

  /**
   * Fields of an answer: the target's own Access-Control-* are replaced by ours.
   * @param origin the request's Origin
   * @param fields of the answer; not changed
   */
  apply(origin: string | undefined, fields: Fields): Fields {
    let out = withoutFields(fields, ACCESS_CONTROL);
    if (!this.#always) out += VARY_ORIGIN;
    if (origin === undefined || !this.#allows(origin)) return out;
    out += this.#originFields(origin);
    const { exposed } = this.#options;
    return exposed.length === 0 ? out : out + field('Access-Control-Expose-Headers', exposed.join(', '));
  }

  #originFields(origin: string): Fields {
    const fields = field('Access-Control-Allow-Origin', this.#always ? '*' : origin);
    return this.#options.credentials ? fields + field('Access-Control-Allow-Credentials', 'true') : fields;
  }

  #allows(origin: string): boolean {
    if (this.#exact.has('*') || this.#exact.has(origin)) return true;
    return this.#wild.some(({ prefix, suffix }) => matchesLabel(origin, prefix, suffix));
  }

  #allowsHeaders(asked: string | undefined): boolean {
    if (this.#headers === undefined || asked === undefined) return true;
    return asked.split(',').every((name) => name.trim() === '' || this.#headers!.has(name.trim().toLowerCase()));
  }
}

const ACCESS_CONTROL = { has: (lower: string) => lower.startsWith('access-control-') };

function splitAtStar(origin: string): { prefix: string; suffix: string } {
  const star = origin.indexOf('*');
  return { prefix: origin.slice(0, star), suffix: origin.slice(star + 1) };
}

/** `*` stands for exactly one label. */
function matchesLabel(origin: string, prefix: string, suffix: string): boolean {
  if (!origin.startsWith(prefix) || !origin.endsWith(suffix)) return false;
  const label = origin.slice(prefix.length, origin.length - suffix.length);
  return /^[a-z0-9-]+$/.test(label);
}
