import { texts } from '../../i18n/knowledge';
import { useTextsOf } from '../context';
import { diffLines, folded } from './diff';

const MARKS = { same: ' ', added: '+', removed: '−' } as const;

interface DiffViewProps {
  label: string;
  before: string;
  after: string;
}

/** Two texts, line by line; what came and went is told by a mark and a word, not by colour alone. */
export function DiffView({ label, before, after }: DiffViewProps) {
  const { t, count } = useTextsOf(texts);
  const lines = diffLines(before, after);
  if (lines.every(({ kind }) => kind === 'same')) return <p class="hint">{t('diffSame')}</p>;
  return (
    <div class="diff-view" role="region" tabIndex={0} aria-label={label}>
      {folded(lines).map((row, index) =>
        row.kind === 'skipped' ? (
          <p key={index} class="diff-skipped">
            {count('diffSkipped', row.count)}
          </p>
        ) : (
          <p key={index} class={`diff-line is-${row.kind}`}>
            <span aria-hidden="true">{MARKS[row.kind]}</span>
            {row.kind !== 'same' && (
              <span class="visually-hidden">
                {t(row.kind === 'added' ? 'diffAdded' : 'diffRemoved')}{' '}
              </span>
            )}
            <span class="diff-text">{row.text || '\u00a0'}</span>
          </p>
        ),
      )}
    </div>
  );
}
