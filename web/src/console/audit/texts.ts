import { texts } from '../../i18n/audit';
import { useTextsOf } from '../context';

export function useAuditTexts() {
  return useTextsOf(texts);
}

export type AuditTexts = ReturnType<typeof useAuditTexts>;
export type AuditKey = keyof typeof texts.en;
