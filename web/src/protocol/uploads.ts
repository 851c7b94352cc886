import { type Api, ApiError } from './api';
import type { OutboxEntry } from './outbox';
import type { UploadedFile } from './types';
import { type MakeUploads, Uploading } from './uploading';

/** Without a byte for so long the way is taken to be gone. */
const STALLED_MS = 60_000;

export interface UploadOptions {
  signal?: AbortSignal;
  /** Told how much is on its way, from 0 to 1. */
  progress?(share: number): void;
}

export type UploadEntry = (entry: OutboxEntry, options: UploadOptions) => Promise<UploadedFile>;

/** Uploads files through the REST interface. */
export function uploadsVia(api: Api): MakeUploads {
  return (events, random) => new Uploading(uploadVia(api), events, random);
}

/** Uploads the files of outbox entries as what they were said to be. */
function uploadVia(api: Api): UploadEntry {
  return ({ conversation_id, file }, options) => {
    if (!file) return Promise.reject(new ApiError(400, 'bad_frame', 'the entry has no file'));
    const { blob, name, media_type } = file;
    const typed = blob.type === media_type ? blob : blob.slice(0, blob.size, media_type);
    return upload(api, conversation_id, typed, name, options);
  };
}

/** Uploads a file to a conversation. `XMLHttpRequest`, because `fetch` tells no progress. */
export function upload(
  api: Api,
  conversationId: string,
  file: Blob,
  name: string,
  { signal, progress }: UploadOptions,
): Promise<UploadedFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED_MS);
    };
    const abort = () => request.abort();
    const path = `conversations/${encodeURIComponent(conversationId)}/files`;
    request.open('POST', new URL(path, api.root));
    request.setRequestHeader('accept', 'application/json');
    if (api.token) request.setRequestHeader('authorization', `Bearer ${api.token}`);
    request.upload.onprogress = ({ loaded, total }) => {
      watch();
      progress?.(total > 0 ? loaded / total : 0);
    };
    request.onloadend = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      const { status, responseText } = request;
      if (status === 201) resolve(JSON.parse(responseText) as UploadedFile);
      else if (status === 0) reject(new ApiError(0, 'network', 'no answer'));
      else reject(api.refusal(status, responseText, request.getResponseHeader('retry-after')));
    };
    signal?.addEventListener('abort', abort);
    const form = new FormData();
    form.append('file', file, name);
    watch();
    request.send(form);
    if (signal?.aborted) abort();
  });
}
