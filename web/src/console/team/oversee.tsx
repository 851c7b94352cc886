import { useId, useState } from 'preact/hooks';
import { ApiError } from '../../protocol/agent-api';
import type { Conversation } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { Dialog } from '../../ui/dialog';
import { Icon } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { useConsole, useDesk } from '../context';
import { isMine } from '../list/views';
import { causeOf } from '../loaded';
import { useBoard, useTeamTexts } from './context';
import type { Watch } from './watch';

interface OverseeProps {
  watch: Watch;
  conversation: Conversation;
}

/** Join, leave, take over, hand on, end; with what is written down about it. */
export function Oversee({ watch, conversation }: OverseeProps) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const hint = useId();
  const [asking, setAsking] = useState(false);
  const mine = isMine(conversation, desk.me.value);
  const { state, assignee } = conversation;
  const busy = watch.acting.value !== null || desk.busy.value;
  const isOver = state === 'resolved' || state === 'new';
  const refusal = watch.refusal.value;
  if (isOver) return <p class="hint">{t('isOver')}</p>;
  return (
    <div class="oversee">
      <div class="oversee-actions" role="group" aria-label={t('actions')} aria-describedby={hint}>
        {!mine &&
          (watch.takesPart ? (
            <button
              type="button"
              class="button"
              disabled={busy}
              onClick={() => void watch.act('leave')}
            >
              <Icon name="leave" size={16} />
              {t('leave')}
            </button>
          ) : (
            <button
              type="button"
              class="button"
              disabled={busy || assignee === null || state === 'queued'}
              title={assignee === null ? t('joinNobody') : t('joinHint')}
              onClick={() => void watch.act('join')}
            >
              <Icon name="join" size={16} />
              {t('join')}
            </button>
          ))}
        {!mine && (
          <button type="button" class="button" disabled={busy} onClick={() => setAsking(true)}>
            <Icon name="user" size={16} />
            {i18n.t('takeOver')}
          </button>
        )}
        <HandOn conversation={conversation} />
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => void desk.act(conversation.id, 'resolve')}
        >
          <Icon name="check" size={16} />
          {i18n.t('resolve')}
        </button>
      </div>
      <p class="hint" id={hint}>
        <Icon name="ledger" size={12} /> {t('audited')}
      </p>
      {refusal !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {refusal instanceof ApiError && refusal.status === 409
            ? t('refusedState')
            : causeOf(refusal, i18n)}
        </p>
      )}
      {asking && (
        <Dialog title={t('takeOverTitle')} onClose={() => setAsking(false)}>
          <p>
            {assignee
              ? t('takeOverFrom', { name: assignee.name })
              : t('takeOverNobody')}
          </p>
          <p class="hint">{t('takeOverAudited')}</p>
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setAsking(false)}>
              {t('cancel')}
            </button>
            <button
              type="button"
              class="button is-primary"
              onClick={() => {
                setAsking(false);
                void watch.act('takeover');
              }}
            >
              {i18n.t('takeOver')}
            </button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

/** To an agent, or back to the queue. */
function HandOn({ conversation }: { conversation: Conversation }) {
  const desk = useDesk();
  const board = useBoard();
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const others = (board.agents.value ?? [])
    .map(({ agent }) => agent)
    .filter(({ id }) => id !== conversation.assignee?.id);
  return (
    <Popover
      label={i18n.t('transfer')}
      className="button"
      align="end"
      up
      disabled={desk.busy.value}
      button={
        <>
          <Icon name="swap" size={16} />
          {i18n.t('transfer')}
        </>
      }
    >
      {(close) => {
        const choose = (agent: string | null) => {
          close();
          void desk.transfer(conversation.id, agent);
        };
        return (
          <div class="picker" role="group" aria-label={t('handTo')}>
            {conversation.state !== 'queued' && (
              <button type="button" class="menu-item" onClick={() => choose(null)}>
                <span class="picker-queue">
                  <Icon name="clock" size={16} />
                </span>
                {i18n.t('transferQueue')}
              </button>
            )}
            <p class="menu-title">{t('handTo')}</p>
            {others.map(({ id, name, status, load, capacity }) => (
              <button key={id} type="button" class="menu-item" onClick={() => choose(id)}>
                <Avatar name={name} seed={id} size={28} status={status} />
                <span>{name}</span>
                <span class="count">
                  {load}/{capacity}
                </span>
              </button>
            ))}
          </div>
        );
      }}
    </Popover>
  );
}
