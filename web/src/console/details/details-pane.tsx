import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { Icon } from '../../ui/icons';
import { Avatar } from '../../ui/avatar';
import { useSlow } from '../../ui/hooks';
import { moment } from '../../ui/time';
import type { Chat } from '../chat/chat';
import { useConsole, useDesk, visitorName } from '../context';
import { StateTag } from '../list/list-pane';

/** What is known about the visitor and the conversation. */
export function DetailsPane({ onClose }: { onClose(): void }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const chat = desk.chat.value;
  if (!chat?.conversation || chat.status.value !== 'ready') {
    return <aside class="details-pane" aria-label={t('details')} />;
  }
  return (
    <aside class="details-pane" aria-label={t('details')}>
      <button
        type="button"
        class="icon-button details-close"
        aria-label={t('close')}
        onClick={onClose}
      >
        <Icon name="close" size={20} />
      </button>
      <VisitorSection chat={chat} />
      <ConversationSection chat={chat} />
      <RatingSection chat={chat} />
      <AttributeSection chat={chat} />
    </aside>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="details-section" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {children}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function VisitorSection({ chat }: { chat: Chat }) {
  const { i18n } = useConsole();
  const { t } = i18n;
  const visitor = chat.visitor.value;
  const slow = useSlow(visitor === 'loading', 150);
  const { conversation } = chat;
  if (!conversation) return null;
  const name = visitorName(conversation.visitor, i18n);
  return (
    <Section title={t('contact')}>
      <div class="details-visitor">
        <Avatar name={name} seed={conversation.visitor.id} size={44} />
        <div>
          <p class="pane-title">{name}</p>
          <p class={`identity ${conversation.visitor.verified ? 'is-verified' : ''}`}>
            <Icon name={conversation.visitor.verified ? 'shield' : 'user'} size={14} />
            {t(conversation.visitor.verified ? 'verified' : 'unverified')}
          </p>
        </div>
      </div>
      {visitor === 'error' && (
        <p class="details-state" role="alert">
          {t('contextFailed')}{' '}
          <button type="button" class="link-button" onClick={() => void chat.loadVisitor()}>
            {t('retry')}
          </button>
        </p>
      )}
      {visitor === 'loading' && slow && (
        <div class="skeleton-lines" role="status" aria-label={t('loading')} />
      )}
      {typeof visitor !== 'string' && (
        <dl class="facts">
          {visitor.email && <Fact name={t('email')}>{visitor.email}</Fact>}
          {visitor.external_id && <Fact name={t('externalId')}>{visitor.external_id}</Fact>}
          <Fact name={t('firstSeen')}>
            <time dateTime={visitor.created_at}>{moment(visitor.created_at, i18n)}</time>
          </Fact>
          {visitor.last_seen_at && (
            <Fact name={t('lastSeen')}>
              <time dateTime={visitor.last_seen_at}>{moment(visitor.last_seen_at, i18n)}</time>
            </Fact>
          )}
        </dl>
      )}
    </Section>
  );
}

function ConversationSection({ chat }: { chat: Chat }) {
  const { i18n } = useConsole();
  const { t } = i18n;
  const { conversation } = chat;
  if (!conversation) return null;
  const { inbox, state, assignee, created_at, queued_at, resolved_at } = conversation;
  return (
    <Section title={t('conversation')}>
      <dl class="facts">
        <Fact name={t('state')}>
          <StateTag state={state} />
        </Fact>
        <Fact name={t('channel')}>{inbox.name}</Fact>
        <Fact name={t('handledBy')}>{assignee?.name ?? t('unassigned')}</Fact>
        <Fact name={t('started')}>
          <time dateTime={created_at}>{moment(created_at, i18n)}</time>
        </Fact>
        {state === 'queued' && queued_at && (
          <Fact name={t('waitingSince')}>
            <time dateTime={queued_at}>{moment(queued_at, i18n)}</time>
          </Fact>
        )}
        {resolved_at && state === 'resolved' && (
          <Fact name={t('ended')}>
            <time dateTime={resolved_at}>{moment(resolved_at, i18n)}</time>
          </Fact>
        )}
      </dl>
    </Section>
  );
}

function RatingSection({ chat }: { chat: Chat }) {
  const { t, count } = useConsole().i18n;
  const rating = chat.conversation?.rating ?? null;
  return (
    <Section title={t('rating')}>
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
    </Section>
  );
}

function AttributeSection({ chat }: { chat: Chat }) {
  const { t } = useConsole().i18n;
  const visitor = chat.visitor.value;
  if (typeof visitor === 'string') return null;
  const attributes = Object.entries(visitor.attributes);
  return (
    <Section title={t('attributes')}>
      {attributes.length === 0 ? (
        <p class="details-state">{t('noAttributes')}</p>
      ) : (
        <dl class="facts">
          {attributes.map(([name, value]) => (
            <Fact key={name} name={name}>
              {typeof value === 'string' ? value : JSON.stringify(value)}
            </Fact>
          ))}
        </dl>
      )}
    </Section>
  );
}
