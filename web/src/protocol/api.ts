import type { Message, Page } from './types';

/** An answer that was not a success; `status` 0 means that no answer came. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | null;
  readonly retryAfterMs: number | null;

  constructor(
    status: number,
    code: string,
    detail: string,
    field: string | null = null,
    retryAfterMs: number | null = null,
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.field = field;
    this.retryAfterMs = retryAfterMs;
  }

  /** True when the same request may well succeed later. */
  get transient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const REQUEST_TIMEOUT_MS = 20_000;

export interface RequestOptions {
  /** Gives the request up from outside; the error is then one of status 0. */
  signal?: AbortSignal;
  timeoutMs?: number;
  /** What is asked for and handed on; JSON is read, a CSV stays text. */
  as?: 'json' | 'csv';
}

/** REST under `/api/v1`. Without a token the cookie session speaks for the caller. */
export class Api {
  readonly root: URL;
  token: string | null;
  private readonly signedOut: () => void;

  /** `signedOut` is called when the server no longer knows the caller. */
  constructor(server: URL, token: string | null = null, signedOut = () => undefined as void) {
    this.root = new URL('api/v1/', server);
    this.token = token;
    this.signedOut = signedOut;
  }

  get<T>(
    path: string,
    query: Record<string, string | number | undefined> = {},
    options: RequestOptions = {},
  ): Promise<T> {
    const url = new URL(path, this.root);
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    return this.request<T>('GET', url, undefined, options);
  }

  post<T>(path: string, body: unknown = {}, options: RequestOptions = {}): Promise<T> {
    return this.request<T>('POST', new URL(path, this.root), body, options);
  }

  /** The newest page, or the one beside a bound, in ascending order. */
  messages(
    conversation: string,
    bound: { after_seq?: number; before_seq?: number; limit?: number } = {},
  ): Promise<Page<Message>> {
    return this.get(`conversations/${encodeURIComponent(conversation)}/messages`, bound);
  }

  /** What an answer that was no success means. */
  refusal(status: number, body: string, retryAfter: string | null): ApiError {
    const error = problem(status, body, retryAfter);
    // A code of a second factor that is not right says nothing about the session.
    if (status === 401 && error.field !== 'code') this.signedOut();
    return error;
  }

  protected async request<T>(
    method: string,
    url: URL,
    body: unknown,
    { signal, timeoutMs = REQUEST_TIMEOUT_MS, as = 'json' }: RequestOptions,
  ): Promise<T> {
    const accept = as === 'csv' ? 'text/csv' : 'application/json';
    const headers: Record<string, string> = { accept };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (this.token) headers['authorization'] = `Bearer ${this.token}`;
    const abort = new AbortController();
    const giveUp = () => abort.abort();
    const timer = setTimeout(giveUp, timeoutMs);
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp);
    try {
      const response = await fetch(url, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        credentials: this.token ? 'omit' : 'same-origin',
        cache: 'no-store',
        signal: abort.signal,
      });
      const text = await response.text();
      if (!response.ok) {
        throw this.refusal(response.status, text, response.headers.get('retry-after'));
      }
      if (as === 'csv') return text as T;
      return (text ? JSON.parse(text) : undefined) as T;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ApiError(0, 'network', error instanceof Error ? error.message : 'no answer');
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }
}

const CODES: Record<number, string> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'rate_limited',
};

function problem(status: number, answer: string, retryAfter: string | null): ApiError {
  let body: Record<string, unknown> = {};
  try {
    body = JSON.parse(answer) as Record<string, unknown>;
  } catch {
    // A proxy in between may answer with a page of its own; the status says enough.
  }
  const text = (value: unknown) => (typeof value === 'string' && value ? value : null);
  const header = Number(retryAfter ?? NaN) * 1000;
  const wait = typeof body['retry_after_ms'] === 'number' ? body['retry_after_ms'] : header;
  return new ApiError(
    status,
    text(body['code']) ?? CODES[status] ?? 'unavailable',
    text(body['detail']) ?? text(body['title']) ?? `status ${status}`,
    text(body['field']),
    Number.isFinite(wait) ? wait : null,
  );
}
