import type { Api } from '../protocol/api';
import type { MakeUploads, Uploads } from '../protocol/uploading';

const RETRY_MS = 5_000;

/** Uploads that are loaded with the first file. */
export function lateUploads(api: Api): MakeUploads {
  return (events, random) => {
    let uploads: Uploads | null = null;
    return {
      start(entry) {
        if (uploads) return uploads.start(entry);
        const again = () => events.rested(entry.client_id);
        import('../protocol/uploads').then(
          ({ uploadsVia }) => {
            uploads ??= uploadsVia(api)(events, random);
            again();
          },
          () => setTimeout(again, RETRY_MS),
        );
        return false;
      },
      wake: () => uploads?.wake(),
      cancel: (id) => uploads?.cancel(id),
      stop: () => uploads?.stop(),
    };
  };
}
