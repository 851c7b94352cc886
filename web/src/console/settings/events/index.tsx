import { texts } from '../../../i18n/events';
import type { Agent } from '../../../protocol/types';
import { useTextsOf } from '../../context';
import { all } from '../../forms/all';
import { Loaded } from '../../loaded';
import { useAll, useList } from '../lists';
import { ListEditor } from '../section';
import type { Inbox, Tag, Team } from '../shapes';
import { SubscriptionEditor } from './editor';
import type { EventType, Subscription } from './shapes';
import './events.css';

/** Who hears of what happens, and how. */
export default function Events() {
  const { t } = useTextsOf(texts);
  const subscriptions = useList<Subscription>('subscriptions');
  const around = all<[EventType[], Inbox[], Agent[], Team[], Tag[]]>(
    useAll<EventType>('events/types'),
    useAll<Inbox>('inboxes'),
    useAll<Agent>('agents'),
    useAll<Team>('teams'),
    useAll<Tag>('tags'),
  );
  return (
    <ListEditor
      name="events"
      title={t('title')}
      lead={t('lead')}
      load={subscriptions}
      textOf={({ name, topics }) => `${name} ${topics.join(' ')}`}
      row={(subscription) => <Row subscription={subscription} />}
      add={t('add')}
      empty={t('empty')}
      editor={(subscription) => (
        <Loaded of={around} pane>
          {([types, inboxes, agents, teams, tags]) => (
            <SubscriptionEditor
              subscription={subscription}
              subscriptions={subscriptions}
              types={types}
              inboxes={inboxes}
              agents={agents}
              teams={teams}
              tags={tags}
            />
          )}
        </Loaded>
      )}
    />
  );
}

function Row({ subscription }: { subscription: Subscription }) {
  const { t } = useTextsOf(texts);
  const { name, kind, topics, is_enabled, failing_since } = subscription;
  return (
    <>
      <strong>
        {name}
        {!is_enabled && <span class="form-chip">{t('off')}</span>}
        {is_enabled && failing_since !== null && (
          <span class="form-chip is-failing">{t('failing')}</span>
        )}
      </strong>
      <span class="hint">{t('row', { kind: t(`kind_${kind}`), topics: topics.join(', ') })}</span>
    </>
  );
}
