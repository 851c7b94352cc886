import type { I18n } from '../i18n';
import { fileSize } from './time';

type FileI18n = I18n<'fileEmpty' | 'fileTooLarge'>;

/** Why a file cannot be sent, in the reader's words; null when nothing speaks against it. */
export function fileProblem(file: File, limit: number, texts: FileI18n): string | null {
  if (file.size === 0) return texts.t('fileEmpty', { name: file.name });
  if (file.size <= limit) return null;
  return texts.t('fileTooLarge', {
    name: file.name,
    size: fileSize(file.size, texts),
    limit: fileSize(limit, texts),
  });
}
