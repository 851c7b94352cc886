import { texts } from '../../../i18n/events';
import { useConsole, useTextsOf } from '../../context';
import { CodeBox } from '../../forms/copy';
import { Check, Group, LinesInput } from '../../forms/inputs';
import { Part } from '../section';
import type { Inbox } from '../shapes';
import type { SubscriptionForm } from './editor';
import type { EventType } from './shapes';

interface WhatProps {
  form: SubscriptionForm;
  types: readonly EventType[];
  inboxes: readonly Inbox[];
}

/** Which events, and of which inboxes. */
export function WhatPart({ form, types, inboxes }: WhatProps) {
  const { locale } = useConsole().i18n;
  const { t } = useTextsOf(texts);
  const { topics, inboxes: chosen } = form.value.value;
  const known = types.map(({ topic }) => topic);
  const patterns = topics.filter((topic) => !known.includes(topic));
  const example = types.find(({ topic }) => topics.includes(topic)) ?? types[0];
  const toggle = (list: readonly string[], item: string, on: boolean) =>
    on ? [...list, item] : list.filter((each) => each !== item);
  return (
    <Part title={t('partWhat')}>
      <Group label={t('topics')} hint={t('topicsHint')} error={form.errorAt('topics')}>
        <div class="form-checks subscription-topics">
          {types.map(({ topic, description }) => (
            <Check
              key={topic}
              label={<code>{topic}</code>}
              hint={description[locale.value]}
              checked={topics.includes(topic)}
              onChange={(on) => form.set({ topics: toggle(topics, topic, on) })}
            />
          ))}
        </div>
      </Group>
      <LinesInput
        label={t('patterns')}
        hint={t('patternsHint')}
        placeholder="conversation.*"
        value={patterns}
        onInput={(next) =>
          form.set({ topics: [...topics.filter((topic) => known.includes(topic)), ...next] })
        }
      />
      <Group label={t('inboxes')} hint={t('inboxesHint')} error={form.errorAt('inboxes')}>
        <div class="form-checks">
          {inboxes.map(({ id, name }) => (
            <Check
              key={id}
              label={name}
              checked={chosen.includes(id)}
              onChange={(on) => form.set({ inboxes: toggle(chosen, id, on) })}
            />
          ))}
        </div>
      </Group>
      {example && (
        <details class="subscription-example">
          <summary>{t('example')}</summary>
          <CodeBox what={t('example')} text={JSON.stringify(example.example, null, 2)} />
        </details>
      )}
    </Part>
  );
}
