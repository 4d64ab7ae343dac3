// The one way to the server: typed calls, and every failure as a Problem that
// says what happened, with its code.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

type ProblemBody = components['schemas']['Problem'];

/** Where the API is at the server. */
export const API = '/api/v1';

/** How long a request may take before the page gives it up, in milliseconds. */
const PATIENCE = 60_000;

/** A failure in the words of RFC 9457. Status 0 means that no answer came. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: NonNullable<ProblemBody['errors']>;
  /** For how many seconds the server asks to wait; 0 when it does not. */
  readonly wait: number;

  constructor(body: Partial<ProblemBody> & { status: number; wait?: number }) {
    super(body.title ?? `HTTP ${body.status}`);
    this.name = 'Problem';
    this.status = body.status;
    this.code = body.code ?? (body.status === 0 ? 'network' : `http_${body.status}`);
    this.detail = body.detail ?? '';
    this.errors = body.errors ?? [];
    this.wait = body.wait ?? 0;
  }
}

/** asProblem makes a Problem of whatever was thrown, or of the body of one, such as a job keeps. */
export function asProblem(cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  if (isBody(cause)) return new Problem(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  return new Problem({ status: 0, code: 'network', title: text });
}

const isBody = (cause: unknown): cause is ProblemBody =>
  cause !== null && typeof cause === 'object' && 'code' in cause && 'status' in cause;

/** problemOf makes a Problem of an answer that was not one of success. */
export function problemOf(status: number, body: unknown, retryAfter?: string | null): Problem {
  const known = body !== null && typeof body === 'object' ? (body as Partial<ProblemBody>) : {};
  if (status === 401 && (known.code ?? SIGNED_OUT) === SIGNED_OUT) for (const tell of onSignedOut) tell();
  return new Problem({ ...known, status, wait: Number(retryAfter) || 0 });
}

/** The code of an answer to somebody who has not signed in, or whose session has ended. */
const SIGNED_OUT = 'signed_out';

/** What to do when the server says so, wherever it was asked. */
export const onSignedOut = new Set<() => void>();

async function patientFetch(request: Request): Promise<Response> {
  const watch = new AbortController();
  const giveUp = () => watch.abort(request.signal.reason);
  const timer = setTimeout(() => watch.abort(new Problem({ status: 0, code: 'timeout' })), PATIENCE);
  request.signal.addEventListener('abort', giveUp);
  try {
    return await fetch(request, { signal: watch.signal });
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', giveUp);
  }
}

export const api = createClient<paths>({ baseUrl: `${location.origin}${API}`, fetch: patientFetch });

type Answer<T> = { data?: T; error?: unknown; response: Response };

/**
 * answer unwraps a call: the body, or a thrown Problem. Shape is what the body is
 * known to be where the description says less (see types.ts).
 */
export async function answer<Shape>(call: Promise<Answer<unknown>>): Promise<Shape> {
  const { data, error, response } = await call;
  if (response.ok && data !== undefined) return data as Shape;
  throw problemOf(response.status, error, response.headers.get('Retry-After'));
}

/** An answer, and the tag under which the server knows it. */
export type Tagged<T> = { value: T; tag: string | null };

/** taggedAnswer is answer with its tag; null when the tag that was sent along holds still. */
export async function taggedAnswer<Shape>(call: Promise<Answer<unknown>>): Promise<Tagged<Shape> | null> {
  const told = await call;
  if (told.response.status === 304) return null;
  return { value: await answer<Shape>(Promise.resolve(told)), tag: told.response.headers.get('ETag') };
}

/** done is answer for a call that has nothing to say when it succeeds. */
export async function done(call: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await call;
  if (!response.ok) throw problemOf(response.status, error, response.headers.get('Retry-After'));
}

/**
 * upload posts a form and tells how much has gone out, as fetch cannot. The
 * answer is the parsed body; failures are Problems.
 */
export function upload<T>(
  path: string,
  form: FormData,
  onProgress?: (share: number) => void,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.responseType = 'json';
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress?.(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response as T);
      else reject(problemOf(request.status, request.response));
    };
    request.onerror = () => reject(new Problem({ status: 0 }));
    request.onabort = () => reject(new Problem({ status: 0, code: 'cancelled' }));
    signal?.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}
