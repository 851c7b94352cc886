import { useMemo, useState } from 'preact/hooks';
import { texts } from '../../../i18n/events';
import type { Agent } from '../../../protocol/types';
import { Dialog } from '../../../ui/dialog';
import { Icon } from '../../../ui/icons';
import { moment } from '../../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../../context';
import { Conflict } from '../../forms/conflict';
import { CodeBox } from '../../forms/copy';
import { Form, type Problems } from '../../forms/form';
import { FormView } from '../../forms/form-view';
import { Check, TextInput } from '../../forms/inputs';
import { pageHref } from '../../router';
import { type List, patched } from '../lists';
import { Part, RemoveButton } from '../section';
import type { Inbox, Tag, Team } from '../shapes';
import { Deliveries } from './deliveries';
import { bodyOf, draftOf, type SubscriptionDraft, wrongHeader } from './draft';
import { HowPart } from './how';
import type { EventType, Subscription } from './shapes';
import { Tools } from './tools';
import { WhatPart } from './what';

interface EditorProps {
  subscription: Subscription | null;
  subscriptions: List<Subscription>;
  types: readonly EventType[];
  inboxes: readonly Inbox[];
  agents: readonly Agent[];
  teams: readonly Team[];
  tags: readonly Tag[];
}

export type SubscriptionForm = Form<SubscriptionDraft>;

export function SubscriptionEditor(props: EditorProps) {
  const { subscription, subscriptions, types } = props;
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [secret, setSecret] = useState<string | null>(null);
  const id = subscription?.id ?? 'new';
  const show = (made: string | undefined) => setSecret(made ?? null);
  const form = useMemo<SubscriptionForm>(
    () =>
      new Form<SubscriptionDraft>({
        value: draftOf(subscription),
        check: (draft) => problemsOf(draft, t),
        save: async (draft) => {
          if (subscription === null) {
            const made = await api.post<Subscription>('subscriptions', {
              ...bodyOf(draft),
              kind: draft.kind,
            });
            const { secret: once, ...kept } = made;
            subscriptions.put(kept);
            if (once !== undefined) show(once);
            else open(kept.id);
            return draftOf(kept);
          }
          const version = subscriptions.now().find((each) => each.id === id)?.version;
          const body = { ...bodyOf(draft), version: version ?? subscription.version };
          const { item, isTheirs } = await patched(api, 'subscriptions', subscriptions, id, body);
          if (isTheirs) throw new Conflict(draftOf(item));
          return draftOf(item);
        },
      }),
    [id],
  );
  const open = (made: string) => {
    location.hash = pageHref('settings', ['events', made]);
  };
  const closeSecret = () => {
    setSecret(null);
    const made = subscriptions.now().at(-1);
    if (subscription === null && made) open(made.id);
  };
  const draft = form.value.value;
  const isFixed = subscription?.is_fixed === true;
  return (
    <>
      <h2 class="settings-editor-title">{draft.name || t('new')}</h2>
      {subscription && <Standing subscription={subscription} subscriptions={subscriptions} />}
      {isFixed ? (
        <p class="hint">{t('fixed')}</p>
      ) : (
        <FormView
          form={form}
          scope={pageHref('settings', ['events', id])}
          creates={subscription === null}
        >
          <Part title={t('partWho')}>
            <TextInput
              label={t('name')}
              hint={t('nameHint')}
              value={draft.name}
              error={form.errorAt('name')}
              max={200}
              onInput={(name) => form.set({ name })}
            />
            <Check
              label={t('enabled')}
              checked={draft.is_enabled}
              onChange={(is_enabled) => form.set({ is_enabled })}
            />
          </Part>
          <WhatPart form={form} types={types} inboxes={props.inboxes} />
          <HowPart
            form={form}
            isNew={subscription === null}
            agents={props.agents}
            teams={props.teams}
            tags={props.tags}
          />
        </FormView>
      )}
      {subscription && (
        <>
          <Tools subscription={subscription} onSecret={show} />
          <Deliveries key={id} subscription={subscription} />
          {!isFixed && (
            <div class="settings-editor-end">
              <RemoveButton
                label={t('remove')}
                title={t('removeTitle', { name: subscription.name })}
                text={t('removeText')}
                run={async () => {
                  await api.delete(`subscriptions/${subscription.id}`);
                  form.discard();
                  location.hash = pageHref('settings', ['events']);
                  subscriptions.drop(subscription.id);
                }}
              />
            </div>
          )}
        </>
      )}
      {secret !== null && (
        <Dialog title={t('secretTitle')} onClose={closeSecret}>
          <div class="dialog-stack">
            <p>{t('secretText')}</p>
            <CodeBox what={t('secret')} text={secret} />
            <div class="dialog-actions">
              <button type="button" class="button is-primary" onClick={closeSecret}>
                {t('secretKept')}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

interface StandingProps {
  subscription: Subscription;
  subscriptions: List<Subscription>;
}

/** What is wrong with it now, and the way out. */
function Standing({ subscription, subscriptions }: StandingProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const { id, version, is_enabled, is_fixed, disabled_reason, failing_since } = subscription;
  if (!is_enabled && disabled_reason === 'failing') {
    return (
      <div class="subscription-trouble" role="alert">
        <p>
          <Icon name="alert" size={16} />
          {t('disabledFailing')}
        </p>
        {is_fixed !== true && (
          <button
            type="button"
            class="button"
            onClick={() =>
              void patched(api, 'subscriptions', subscriptions, id, { version, is_enabled: true })
            }
          >
            {t('turnOn')}
          </button>
        )}
      </div>
    );
  }
  if (failing_since === null) return null;
  return (
    <div class="subscription-trouble" role="status">
      <p>
        <Icon name="alert" size={16} />
        {t('failingSince', { time: moment(failing_since, i18n) })}
      </p>
    </div>
  );
}

type Say = ReturnType<typeof useTextsOf<keyof typeof texts.en>>['t'];

function problemsOf(draft: SubscriptionDraft, t: Say): Problems {
  const line = wrongHeader(draft.headers);
  const isWebhook = draft.kind === 'webhook';
  const deed = draft.kind === 'action' ? draft.deed : null;
  return {
    ...(draft.name.trim() === '' && { name: t('required') }),
    ...(draft.topics.length === 0 && { topics: t('topicsNeeded') }),
    ...(isWebhook && !/^https?:\/\/[^\s/]/.test(draft.url.trim()) && { url: t('urlNeeded') }),
    ...(isWebhook && line !== null && { headers: t('headersWrong', { n: line }) }),
    ...(draft.kind === 'topic' && draft.topic.trim() === '' && { topic: t('required') }),
    ...(deed === 'assign' && draft.agent === '' && draft.team === '' && { action: t('assignNeeded') }),
    ...(deed === 'tag' && draft.tags.length === 0 && { action: t('tagsNeeded') }),
    ...(deed === 'ticket' && draft.subject.trim() === '' && { action: t('required') }),
    ...(deed === 'reply' && draft.text.trim() === '' && { action: t('required') }),
  };
}
