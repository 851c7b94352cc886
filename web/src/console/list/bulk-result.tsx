import { texts } from '../../i18n/bulk';
import { Dialog } from '../../ui/dialog';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk, useTextsOf, visitorName } from '../context';
import type { BulkFailure } from '../desk';
import { href, route } from '../router';
import { openFor } from '../shell/overlays';
import './dialogs.css';

const REASONS = {
  conflict: 'whyConflict',
  not_found: 'whyGone',
  forbidden: 'whyForbidden',
  network: 'whyNetwork',
} as const;

/** What could not be done with some of many, and why. */
export default function BulkResult({ onClose }: { onClose(): void }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t, count } = useTextsOf(texts);
  const outcome = desk.bulkOutcome.value;
  if (!outcome) return null;
  const { done, failures } = outcome;
  const busy = desk.bulkBusy.value;
  const again = async () => {
    await outcome.again();
    const left = desk.bulkOutcome.peek()?.failures ?? [];
    if (left.length === 0) onClose();
    else openFor('bulk-result', left.map(({ id }) => id));
  };
  const why = ({ code, detail }: BulkFailure) =>
    code in REASONS ? t(REASONS[code as keyof typeof REASONS]) : detail || t('whyNetwork');
  return (
    <Dialog title={t('resultTitle', { done, all: done + failures.length })} onClose={onClose}>
      <p role="alert">{count('resultLead', failures.length)}</p>
      <ul class="bulk-failures">
        {failures.map((failure) => {
          const known = desk.conversation(failure.id);
          return (
            <li key={failure.id}>
              <Icon name="alert" size={16} />
              <span>
                <a href={href(route.peek().view, failure.id)} onClick={onClose}>
                  {known ? visitorName(known.visitor, i18n) : failure.id.slice(-8)}
                </a>
                <span class="hint">{why(failure)}</span>
              </span>
            </li>
          );
        })}
      </ul>
      <div class="dialog-actions">
        <button type="button" class="button" disabled={busy} onClick={() => void again()}>
          {t('again')}
        </button>
        <button type="button" class="button is-primary" onClick={onClose}>
          {t('close')}
        </button>
      </div>
    </Dialog>
  );
}
