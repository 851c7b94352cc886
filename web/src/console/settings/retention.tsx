import { texts } from '../../i18n/settings';
import { useTextsOf } from '../context';
import { all } from '../forms/all';
import { Loaded } from '../loaded';
import { pageHref } from '../router';
import { useAll } from './lists';
import { SectionHead } from './section';
import { type Inbox, KEPT, type Retention } from './shapes';

/** For how long things are kept; each inbox says so in its own settings. */
export default function RetentionView() {
  const { t } = useTextsOf(texts);
  const kept = useAll<Retention>('privacy/retention');
  const inboxes = useAll<Inbox>('inboxes');
  return (
    <section class="settings-section">
      <SectionHead title={t('retention')} lead={t('retentionLead')} />
      <Loaded of={all<[Retention[], Inbox[]]>(kept, inboxes)} pane>
        {([lines, inboxes]) => (
          <div class="form-table-scroll" tabIndex={0} role="region" aria-label={t('retention')}>
            <table class="form-table">
              <thead>
                <tr>
                  <th scope="col">{t('inbox')}</th>
                  {KEPT.map((kind) => (
                    <th scope="col" key={kind}>
                      {t(`kept_${kind}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {inboxes.map(({ id, name }) => (
                  <tr key={id}>
                    <th scope="row">
                      <a href={pageHref('settings', ['inboxes', id, 'retention'])}>{name}</a>
                    </th>
                    {KEPT.map((kind) => (
                      <td key={kind}>
                        <Kept
                          line={lines.find((each) => each.inbox_id === id && each.kind === kind)}
                        />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
    </section>
  );
}

function Kept({ line }: { line: Retention | undefined }) {
  const { t, count } = useTextsOf(texts);
  if (line?.days == null) return <>{t('forever')}</>;
  return (
    <>
      {count('keptDays', line.days)}
      {line.due > 0 && <span class="hint">{t('keptDue', { n: line.due })}</span>}
    </>
  );
}
