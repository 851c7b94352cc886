import type { Conversation, Page, Priority, Tag } from '../../protocol/types';
import { useNow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import type { Chat } from '../chat/chat';
import { SummaryLine, summaryOf } from '../chat/summary';
import { useConsole, useDesk } from '../context';
import type { Desk } from '../desk';
import { StateTag } from '../list/state-tag';
import { isMine } from '../list/views';
import { Loaded, notifyFailure } from '../loaded';
import { may } from '../pages';
import { CARD_TIMEOUT_MS, Fact } from './card';
import type { CardProps } from './cards';
import { elapsed, stopwatches } from './clocks';
import { TagList } from './tag-list';

/** How the conversation stands. */
export function ConversationCard({ chat, conversation }: CardProps) {
  const { i18n } = useConsole();
  const { t } = i18n;
  const { inbox, state, team, assignee, queue, created_at, resolved_at } = conversation;
  return (
    <>
      <dl class="facts">
        <Fact name={t('state')}>
          <StateTag state={state} />
        </Fact>
        <Fact name={t('channel')}>{inbox.name}</Fact>
        {team && <Fact name={t('team')}>{team.name}</Fact>}
        <Fact name={t('handledBy')}>{assignee?.name ?? t('unassigned')}</Fact>
        <PriorityFact conversation={conversation} />
        {queue && (
          <Fact name={t('queuePosition')}>
            {t('queueNth', { n: queue.position })}
            {typeof queue.wait_ms === 'number' && (
              <span class="hint">
                {t('queueWait', { time: elapsed(queue.wait_ms) })}
              </span>
            )}
          </Fact>
        )}
        <Fact name={t('started')}>
          <time dateTime={created_at}>{moment(created_at, i18n)}</time>
        </Fact>
        {resolved_at && state === 'resolved' && (
          <Fact name={t('ended')}>
            <time dateTime={resolved_at}>{moment(resolved_at, i18n)}</time>
          </Fact>
        )}
      </dl>
      <Ended chat={chat} conversation={conversation} />
      <Clocks chat={chat} conversation={conversation} />
      <Tags conversation={conversation} />
      <Rating conversation={conversation} />
    </>
  );
}

/** What was said of its end, the last time that it ended. */
function Ended({ chat, conversation }: ClocksProps) {
  if (conversation.state !== 'resolved') return null;
  const said = chat.history.value.items.findLast((each) => summaryOf(each) !== null);
  const summary = said && summaryOf(said);
  if (!summary) return null;
  return (
    <>
      <SummaryLine summary={summary} />
      {said.text && <blockquote>{said.text}</blockquote>}
    </>
  );
}

const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const satisfies Priority[];
const PRIORITY_TEXTS = {
  low: 'priorityLow',
  normal: 'priorityNormal',
  high: 'priorityHigh',
  urgent: 'priorityUrgent',
} as const;

function PriorityFact({ conversation }: { conversation: Conversation }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const me = desk.me.value;
  const { id, priority } = conversation;
  const mayChange =
    conversation.state !== 'resolved' &&
    (isMine(conversation, me) || may(me, 'conversations.all'));
  return (
    <Fact name={t('priority')}>
      {mayChange ? (
        <select
          class="fact-select"
          aria-label={t('priority')}
          value={priority}
          onChange={({ currentTarget }) => {
            void setPriority(desk, id, currentTarget.value as Priority);
            // What the server has stays shown until it took the other one.
            currentTarget.value = priority;
          }}
        >
          {PRIORITIES.map((each) => (
            <option key={each} value={each}>
              {t(PRIORITY_TEXTS[each])}
            </option>
          ))}
        </select>
      ) : (
        t(PRIORITY_TEXTS[priority])
      )}
    </Fact>
  );
}

async function setPriority(desk: Desk, id: string, priority: Priority): Promise<void> {
  try {
    desk.take(await desk.api.put<Conversation>(`conversations/${id}/priority`, { priority }));
  } catch (error) {
    notifyFailure(desk, error);
  }
}

interface ClocksProps {
  chat: Chat;
  conversation: Conversation;
}

const CLOCK_TEXTS = { waiting: 'clockWaiting', first_response: 'clockFirstResponse' } as const;

/** How long it waited, beside how long it should have. */
function Clocks({ chat, conversation }: ClocksProps) {
  const { directory } = useDesk();
  const { t } = useConsole().i18n;
  const { items, hasOlder } = chat.history.value;
  const targets = directory.targetsOf(conversation.inbox.id);
  const all = stopwatches(conversation, items, !hasOlder, targets);
  const runs = all.some((clock) => clock.until === null);
  const now = useNow(runs ? 1_000 : 0);
  if (all.length === 0) return null;
  return (
    <dl class="facts">
      {all.map(({ kind, since, until, target_ms }) => {
        const took = (until ?? now) - since;
        const isOver = target_ms !== null && took > target_ms;
        return (
          <Fact key={kind} name={t(CLOCK_TEXTS[kind])}>
            <span class={`clock-fact ${isOver ? 'is-over' : ''}`}>
              <Icon name={isOver ? 'alert' : 'clock'} size={14} />
              {elapsed(took)}
            </span>
            {target_ms !== null && (
              <span class="hint">
                {t(isOver ? 'clockOver' : 'clockTarget', { time: elapsed(target_ms) })}
              </span>
            )}
          </Fact>
        );
      })}
    </dl>
  );
}

function Tags({ conversation }: { conversation: Conversation }) {
  const { api } = useDesk();
  const { id, tags } = conversation;
  const load = useLoad(`${id} ${tags?.join() ?? ''}`, async (signal) => {
    const options = { signal, timeoutMs: CARD_TIMEOUT_MS };
    return (await api.get<Page<Tag>>(`conversations/${id}/tags`, {}, options)).items;
  });
  return <Loaded of={load}>{(all) => <TagList tags={all} />}</Loaded>;
}

function Rating({ conversation }: { conversation: Conversation }) {
  const { t, count } = useConsole().i18n;
  const { rating } = conversation;
  return (
    <>
      <h4 class="card-part">{t('rating')}</h4>
      {rating ? (
        <>
          <p class="details-stars">
            <span class="stars" role="img" aria-label={count('star', rating.score)}>
              {[1, 2, 3, 4, 5].map((each) => (
                <Icon key={each} name="star" size={16} filled={each <= rating.score} />
              ))}
            </span>
            {t(`rating${rating.score as 1 | 2 | 3 | 4 | 5}`)}
          </p>
          {rating.comment && <blockquote>{rating.comment}</blockquote>}
        </>
      ) : (
        <p class="details-state">{t('noRating')}</p>
      )}
    </>
  );
}
