import { texts } from '../../i18n/reports';
import { useTextsOf } from '../context';

export type ReportsKey = keyof typeof texts.en;

export function useReportsTexts() {
  return useTextsOf(texts);
}

export type ReportsTexts = ReturnType<typeof useReportsTexts>;
