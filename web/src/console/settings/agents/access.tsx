import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/staff';
import type { Agent } from '../../../protocol/types';
import { Dialog } from '../../../ui/dialog';
import { moment } from '../../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../../context';
import { announce } from '../../forms/announce';
import { Confirm } from '../../forms/confirm';
import { useFailure } from '../../forms/failure';
import { passwordProblem } from '../../forms/password-rules';
import { Loaded } from '../../loaded';
import { pageHref } from '../../router';
import { type List, useList } from '../lists';
import { Part } from '../section';
import type { AgentSession } from '../shapes';
import { clientName } from './client-name';
import { PasswordInput } from './password';

interface AccessProps {
  agent: Agent;
  take(agent: Agent): void;
}

type Asked = 'password' | 'totp' | 'deactivate' | null;

/** How an agent gets in, and how it is kept out. Each of these happens at once. */
export function Access({ agent, take }: AccessProps) {
  const { api, me } = useDesk();
  const { t } = useTextsOf(texts);
  const [asked, setAsked] = useState<Asked>(null);
  const sessions = useList<AgentSession>(`agents/${agent.id}/sessions`);
  const isMe = agent.id === me.value.id;
  const close = () => setAsked(null);
  const setDisabled = async (disabled: boolean) => {
    take(await api.patch<Agent>(`agents/${agent.id}`, { disabled }));
    sessions.retry();
    announce(t(disabled ? 'deactivatedDone' : 'activatedDone'));
  };
  return (
    <>
      <Part title={t('partAccess')} lead={t('partAccessLead')}>
        <div class="button-row">
          {isMe ? (
            <a class="button" href={pageHref('profile')}>
              {t('passwordOwn')}
            </a>
          ) : (
            <button type="button" class="button" onClick={() => setAsked('password')}>
              {t('passwordSet')}
            </button>
          )}
          <button type="button" class="button" onClick={() => setAsked('totp')}>
            {t('totpReset')}
          </button>
          {agent.disabled ? (
            <Activate run={() => setDisabled(false)} />
          ) : (
            !isMe && (
              <button
                type="button"
                class="button is-quiet-danger"
                onClick={() => setAsked('deactivate')}
              >
                {t('deactivate')}
              </button>
            )
          )}
        </div>
      </Part>
      <Sessions agent={agent} sessions={sessions} />
      {asked === 'password' && <NewPassword agent={agent} onClose={close} done={sessions.retry} />}
      {asked === 'totp' && (
        <Confirm
          title={t('totpTitle', { name: agent.name })}
          action={t('totpReset')}
          danger
          onClose={close}
          run={async () => {
            await api.delete(`agents/${agent.id}/totp`);
            announce(t('totpDone'));
          }}
        >
          <p>{t('totpText')}</p>
        </Confirm>
      )}
      {asked === 'deactivate' && (
        <Confirm
          title={t('deactivateTitle', { name: agent.name })}
          action={t('deactivate')}
          danger
          onClose={close}
          run={() => setDisabled(true)}
        >
          <p>{t('deactivateText')}</p>
          {agent.load > 0 && <p>{t('deactivateLoad', { n: agent.load })}</p>}
        </Confirm>
      )}
    </>
  );
}

function Activate({ run }: { run(): Promise<void> }) {
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const [failure, setFailure] = useState<unknown>(null);
  return (
    <>
      <button type="button" class="button" onClick={() => void run().catch(setFailure)}>
        {t('activate')}
      </button>
      {failure !== null && (
        <p class="form-error" role="alert">
          {failureText(failure)}
        </p>
      )}
    </>
  );
}

interface NewPasswordProps {
  agent: Agent;
  onClose(): void;
  done(): void;
}

function NewPassword({ agent, onClose, done }: NewPasswordProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const [password, setPassword] = useState('');
  const [error, setError] = useState<string | null>(null);
  const save = async () => {
    if (passwordProblem(password)) return setError(t('passwordRules'));
    try {
      await api.patch<Agent>(`agents/${agent.id}`, { password });
      announce(t('passwordDone'));
      done();
      onClose();
    } catch (failure) {
      setError(failureText(failure));
    }
  };
  return (
    <Dialog title={t('passwordTitle', { name: agent.name })} onClose={onClose}>
      <form
        class="dialog-stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p>{t('passwordText')}</p>
        <PasswordInput
          label={t('passwordNew')}
          hint={t('passwordRules')}
          value={password}
          error={error}
          onInput={setPassword}
        />
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="submit" class="button is-primary">
            {t('passwordSet')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Sessions({ agent, sessions }: { agent: Agent; sessions: List<AgentSession> }) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [ending, setEnding] = useState<AgentSession | 'all' | null>(null);
  return (
    <Part title={t('sessions')} lead={t('sessionsLead')}>
      <Loaded of={sessions}>
        {(list) =>
          list.length === 0 ? (
            <p class="part-state">{t('sessionsNone')}</p>
          ) : (
            <>
              <ul class="plain-list">
                {list.map((session) => (
                  <li key={session.id}>
                    <div>
                      <strong>{clientName(session.user_agent) ?? t('sessionUnknown')}</strong>
                      {session.current && <span class="form-chip">{t('sessionCurrent')}</span>}
                      <span class="hint" title={session.user_agent}>
                        {session.address} ·{' '}
                        {t('sessionSeen', { time: moment(session.last_seen_at, i18n) })}
                      </span>
                    </div>
                    {!session.current && (
                      <button
                        type="button"
                        class="button is-small"
                        onClick={() => setEnding(session)}
                      >
                        {t('sessionEnd')}
                      </button>
                    )}
                  </li>
                ))}
              </ul>
              {list.some(({ current }) => !current) && !list.some(({ current }) => current) && (
                <button
                  type="button"
                  class="button is-quiet-danger"
                  onClick={() => setEnding('all')}
                >
                  {t('sessionsEnd')}
                </button>
              )}
            </>
          )
        }
      </Loaded>
      {ending !== null && (
        <Confirm
          title={t(ending === 'all' ? 'sessionsEndTitle' : 'sessionEndTitle')}
          action={t(ending === 'all' ? 'sessionsEnd' : 'sessionEnd')}
          danger
          onClose={() => setEnding(null)}
          run={async () => {
            const one = ending === 'all' ? '' : `/${ending.id}`;
            await api.delete(`agents/${agent.id}/sessions${one}`);
            announce(t('sessionEnded'));
            sessions.retry();
          }}
        >
          <p>{t('sessionEndText')}</p>
        </Confirm>
      )}
    </Part>
  );
}
