import { Api, type RequestOptions } from './api';

export { ApiError, type RequestOptions } from './api';

/** What agents ask for besides: they change things. */
export class AgentApi extends Api {
  put<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
    return this.request<T>('PUT', new URL(path, this.root), body, options);
  }

  patch<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
    return this.request<T>('PATCH', new URL(path, this.root), body, options);
  }

  delete<T>(path: string, options: RequestOptions = {}, body?: unknown): Promise<T> {
    return this.request<T>('DELETE', new URL(path, this.root), body, options);
  }
}
