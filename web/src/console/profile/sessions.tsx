import { useState } from 'preact/hooks';
import { texts } from '../../i18n/profile';
import type { OwnSession } from '../../protocol/access';
import type { Page } from '../../protocol/types';
import { useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { Loaded } from '../loaded';
import { useRequest } from './request';
import { clientOf } from './user-agent';

/** Where this agent is signed in, and how to end that. */
export function SessionsSection() {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const sessions = useLoad('sessions', (signal) =>
    desk.api.get<Page<OwnSession>>('auth/sessions', {}, { signal }),
  );
  return (
    <section class="profile-section" aria-labelledby="profile-sessions">
      <h2 id="profile-sessions">{t('sessions')}</h2>
      <Loaded of={sessions}>
        {({ items }) => <Sessions items={items} onEnded={() => sessions.retry()} />}
      </Loaded>
    </section>
  );
}

function Sessions({ items, onEnded }: { items: readonly OwnSession[]; onEnded(): void }) {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const { busy, error, run } = useRequest();
  const [ending, setEnding] = useState<readonly string[]>([]);
  const others = items.filter(({ current }) => !current);
  const end = (ids: readonly string[]) =>
    run(async () => {
      setEnding(ids);
      for (const id of ids) await desk.api.delete(`auth/sessions/${id}`);
      onEnded();
    });
  return (
    <>
      <ul class="session-list">
        {items.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            busy={busy && ending.includes(session.id)}
            onEnd={() => void end([session.id])}
          />
        ))}
      </ul>
      {error && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      {others.length === 0 ? (
        <p class="hint">{t('noOthers')}</p>
      ) : (
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => void end(others.map(({ id }) => id))}
        >
          {t('endOthers')}
        </button>
      )}
    </>
  );
}

interface SessionRowProps {
  session: OwnSession;
  busy: boolean;
  onEnd(): void;
}

function SessionRow({ session, busy, onEnd }: SessionRowProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const { user_agent, address, created_at, last_seen_at, current } = session;
  const client = clientOf(user_agent);
  const name = client ? t('on', { ...client }) : user_agent || t('unknownClient');
  return (
    <li>
      <div>
        <p class="session-name">
          {name}
          {current && <span class="session-current">{t('thisSession')}</span>}
        </p>
        <p class="hint">
          {address} · {t('since', { time: moment(created_at, i18n) })} ·{' '}
          {t('seen', { time: moment(last_seen_at, i18n) })}
        </p>
      </div>
      {!current && (
        <button
          type="button"
          class="button"
          disabled={busy}
          aria-label={t('endLabel', { name, address })}
          onClick={onEnd}
        >
          {t('end')}
        </button>
      )}
    </li>
  );
}
