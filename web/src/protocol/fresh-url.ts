import type { Api } from './api';
import type { UploadedFile } from './types';

/** Gives fresh addresses of files, to whoever may read their conversation. */
export function freshUrl(api: Api): (fileId: string) => Promise<string> {
  return async (fileId) => (await api.get<UploadedFile>(`files/${fileId}`)).url;
}
