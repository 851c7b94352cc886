import type { Signal } from '@preact/signals';
import { createI18n, type Locale } from '../../i18n';
import { texts } from '../../i18n/more';
import { fileProblem } from '../../ui/file-problem';
import type { Widget } from '../model';

/** Unless the server says another limit. */
const UPLOAD_BYTES_MAX = 20 * 1024 * 1024;

/** Sends what may be sent; says in words why the rest may not. */
export function sendFiles(widget: Widget, files: readonly File[], locale: Signal<Locale>): string {
  const limit = widget.config.value?.upload_bytes_max ?? UPLOAD_BYTES_MAX;
  const i18n = createI18n(texts, locale);
  let problem = '';
  for (const file of files) {
    const found = fileProblem(file, limit, i18n);
    if (found) {
      problem = found;
      continue;
    }
    const { name, type } = file;
    const kind = type.startsWith('image/') ? 'image' : 'file';
    widget.line.send({ kind, text: '', file: { blob: file, name, media_type: type } });
  }
  return problem;
}
