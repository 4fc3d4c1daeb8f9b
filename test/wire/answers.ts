// Reads what a raw client received as a client would: interim answers, then the final one with its body decoded, and
// whether it is complete. Written apart from the engine on purpose: a second opinion.

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly trailers: readonly string[];
  /** The body ended as its framing says. */
  readonly complete: boolean;
  values(lower: string): string[];
}

/**
 * @param received all that came on a connection with one request
 * @param headRequest the request was HEAD
 * @param wasReset the connection ended with a reset
 */
export function parseAnswers(received: string, headRequest: boolean, wasReset: boolean): Answer[] {
  const answers: Answer[] = [];
  let rest = received;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`no head in ${JSON.stringify(rest)}`);
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const match = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine);
    if (match === null) throw new Error(`no status line: ${JSON.stringify(statusLine)}`);
    const status = Number(match[1]);
    rest = rest.slice(end + 4);
    const values = valuesIn(lines);
    if (status < 200 && status !== 101) {
      answers.push({ status, body: '', trailers: [], complete: true, values });
      continue;
    }
    answers.push({ status, values, ...readBody(rest, status, headRequest, values, wasReset) });
    return answers;
  }
}

type Values = (lower: string) => string[];

function valuesIn(lines: readonly string[]): Values {
  return (lower) =>
    lines
      .filter((line) => line.slice(0, line.indexOf(':')).toLowerCase() === lower)
      .map((line) => line.slice(line.indexOf(':') + 1).trim());
}

type Body = Pick<Answer, 'body' | 'trailers' | 'complete'>;

function readBody(rest: string, status: number, headRequest: boolean, values: Values, wasReset: boolean): Body {
  if (headRequest || status === 204 || status === 304) return { body: rest, trailers: [], complete: rest === '' };
  if (values('transfer-encoding').includes('chunked')) return readChunks(rest);
  const [length] = values('content-length');
  if (length === undefined) return { body: rest, trailers: [], complete: !wasReset };
  return { body: rest, trailers: [], complete: rest.length === Number(length) };
}

function readChunks(text: string): Body {
  let rest = text;
  let body = '';
  for (;;) {
    const match = /^([0-9a-f]+)\r\n/.exec(rest);
    if (match === null) return { body, trailers: [], complete: false };
    const size = Number.parseInt(match[1]!, 16);
    rest = rest.slice(match[0].length);
    if (size === 0) return readTrailers(rest, body);
    body += rest.slice(0, size);
    if (rest.slice(size, size + 2) !== '\r\n') return { body, trailers: [], complete: false };
    rest = rest.slice(size + 2);
  }
}

function readTrailers(rest: string, body: string): Body {
  const lines = rest.split('\r\n');
  const complete = lines.length >= 2 && lines.at(-1) === '' && lines.at(-2) === '';
  return { body, trailers: lines.filter((line) => line !== ''), complete };
}
