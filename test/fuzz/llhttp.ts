// Node's own parser, llhttp, without the server around it and with no leniency: the second opinion. Node keeps the class
// behind `_http_common`; what is used of it is typed here.
import { METHODS } from 'node:http';

interface HttpParser {
  [callback: number]: (...args: never[]) => number | undefined;
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
  execute(data: Buffer): number | Error;
  finish(): Error | undefined;
  close(): void;
}

interface HttpCommon {
  readonly HTTPParser: {
    new (): HttpParser;
    readonly REQUEST: number;
    readonly RESPONSE: number;
    readonly kOnHeaders: number;
    readonly kOnHeadersComplete: number;
    readonly kOnBody: number;
    readonly kOnMessageComplete: number;
  };
  readonly methods: readonly string[];
}

const { HTTPParser, methods } = process.getBuiltinModule('node:_http_common') as unknown as HttpCommon;

/** Far beyond our own limits: those are not llhttp's business. */
const MAX_HEAD_BYTES = 1_048_576;
const STRICT = 0;

/** llhttp has a table of methods; any other is a parse error to it. */
export const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);

/** One message as llhttp sees it. Texts are latin1. */
export interface Message {
  method: string;
  url: string;
  status: number;
  reason: string;
  /** As on the wire: name, value, name, value, … */
  fields: string[];
  trailers: string[];
  body: string;
  minor: number;
  keepAlive: boolean;
  complete: boolean;
}

export interface ReaderOptions {
  readonly kind: 'request' | 'response';
  /** Method of the request that the next response answers; an answer to HEAD has no body. */
  readonly answers?: () => string;
}

export class LlhttpReader {
  readonly messages: Message[] = [];
  /** llhttp's code, once it has refused what it was given. */
  error: string | undefined = undefined;
  readonly #parser = new HTTPParser();
  readonly #options: ReaderOptions;
  #fields: string[] = [];
  #url = '';

  constructor(options: ReaderOptions) {
    this.#options = options;
    const type = options.kind === 'request' ? HTTPParser.REQUEST : HTTPParser.RESPONSE;
    this.#parser.initialize(type, {}, MAX_HEAD_BYTES, STRICT);
    this.#listen();
  }

  #listen(): void {
    const parser = this.#parser;
    parser[HTTPParser.kOnHeaders] = (fields: string[], url: string) => {
      this.#fields.push(...fields);
      this.#url += url;
      return undefined;
    };
    parser[HTTPParser.kOnHeadersComplete] = (...args: never[]) => this.#head(args);
    parser[HTTPParser.kOnBody] = (data: Buffer) => {
      this.#last.body += data.toString('latin1');
      return undefined;
    };
    parser[HTTPParser.kOnMessageComplete] = () => {
      this.#last.trailers = this.#fields;
      this.#fields = [];
      this.#url = '';
      this.#last.complete = true;
      return undefined;
    };
  }

  get #last(): Message {
    return this.messages.at(-1)!;
  }

  /** @returns 1 when no body follows, whatever the fields say */
  #head(args: readonly unknown[]): number {
    const [, minor, fields, method, url, status, reason, , keepAlive] = args;
    this.messages.push({
      method: typeof method === 'number' ? methodOf(method) : '',
      url: this.#url + String(url ?? ''),
      status: Number(status ?? 0),
      reason: String(reason ?? ''),
      fields: [...this.#fields, ...((fields as string[] | undefined) ?? [])],
      trailers: [],
      body: '',
      minor: Number(minor),
      keepAlive: keepAlive === true,
      complete: false,
    });
    this.#fields = [];
    this.#url = '';
    const answers = Number(status ?? 0) >= 200 ? this.#options.answers?.() : undefined;
    return answers === 'HEAD' ? 1 : 0;
  }

  get completed(): number {
    return this.messages.filter(({ complete }) => complete).length;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && this.error === undefined) {
      const read = this.#parser.execute(rest);
      // In a message that asks for an upgrade, Node hides an error behind a count that does not advance.
      if (typeof read !== 'number' || read <= 0) this.error = codeOf(read);
      // It stops behind such a message, and goes on when told to.
      else rest = rest.subarray(read);
    }
  }

  /** The bytes have come to their end. */
  finish(): void {
    if (this.error !== undefined) return;
    const result = this.#parser.finish();
    if (result instanceof Error) this.error = codeOf(result);
  }

  /** Frees the parser; not from within one of its calls. */
  close(): void {
    this.#parser.close();
  }
}

/** The table leaves out RTSP's methods, which stand before the newest one, QUERY. */
function methodOf(number: number): string {
  return methods[number] ?? methods.at(-1)!;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
