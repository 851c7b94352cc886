import { useMemo } from 'preact/hooks';
import { texts as formTexts } from '../../../i18n/forms';
import { texts } from '../../../i18n/inboxes';
import type { Agent } from '../../../protocol/types';
import { useDesk, useTextsOf } from '../../context';
import { all } from '../../forms/all';
import { Conflict } from '../../forms/conflict';
import { Form } from '../../forms/form';
import { FormView } from '../../forms/form-view';
import { Loaded } from '../../loaded';
import { pageHref, route } from '../../router';
import { type List, patched, useAll, useList } from '../lists';
import { ListEditor } from '../section';
import type { Inbox, Team } from '../shapes';
import { BotTab } from './bot';
import { ChannelsTab } from './channels';
import { draftOf, type InboxDraft, NEW_INBOX, patchOf, type Tab, tabOf, TABS } from './draft';
import { type InboxForm, inboxProblems } from './form';
import { GeneralTab } from './general';
import { HoursTab } from './hours-tab';
import { InstallTab } from './install';
import { LookTab } from './look';
import { RetentionTab } from './retention-tab';
import { TimesTab } from './times';

export default function Inboxes() {
  const { t } = useTextsOf(texts);
  const inboxes = useList<Inbox>('inboxes');
  return (
    <ListEditor
      name="inboxes"
      title={t('title')}
      lead={t('lead')}
      load={inboxes}
      textOf={({ name, key }) => `${name} ${key}`}
      row={({ name, key, settings }) => (
        <>
          <strong>{name}</strong>
          <span class="hint">
            {key}
            {settings.bot && settings.bot.enabled !== false && ` · ${t('rowBot', { name: settings.bot.name })}`}
          </span>
        </>
      )}
      add={t('add')}
      empty={t('empty')}
      editor={(inbox) => <InboxEditor inbox={inbox} inboxes={inboxes} />}
    />
  );
}

function InboxEditor({ inbox, inboxes }: { inbox: Inbox | null; inboxes: List<Inbox> }) {
  const teams = useAll<Team>('teams');
  const agents = useAll<Agent>('agents');
  return (
    <Loaded of={all<[Team[], Agent[]]>(teams, agents)} pane>
      {([teams, agents]) => (
        <InboxView inbox={inbox} inboxes={inboxes} teams={teams} skills={skillsOf(agents)} />
      )}
    </Loaded>
  );
}

/** All that agents know, to be proposed. */
export function skillsOf(agents: readonly Agent[]): string[] {
  return [...new Set(agents.flatMap(({ skills }) => Object.keys(skills)))].sort();
}

/** What the fields are called that others may change meanwhile. */
const FIELD_TEXTS: Readonly<Record<string, keyof typeof texts.en>> = {
  name: 'name',
  greeting: 'greeting',
  origins: 'origins',
  identity_required: 'identityRequired',
  'settings.team_id': 'team',
  'settings.skills': 'skills',
  'settings.help_hidden': 'partHelp',
  'settings.widget': 'tab_widget',
  'settings.hours': 'partHours',
  'settings.waiting_target_s': 'partTargets',
  'settings.first_response_target_s': 'partTargets',
  'settings.idle_warn_s': 'partSilence',
  'settings.idle_close_s': 'partSilence',
  'settings.silence': 'partSilence',
  'settings.bot': 'partBot',
  'settings.retention': 'tab_retention',
  'settings.wrap_up': 'partWrapUp',
};

interface InboxViewProps {
  inbox: Inbox | null;
  inboxes: List<Inbox>;
  teams: readonly Team[];
  skills: readonly string[];
}

function InboxView({ inbox, inboxes, teams, skills }: InboxViewProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const address = ['inboxes', inbox?.id ?? 'new'];
  const form: InboxForm = useMemo(() => {
    // Of what the form holds as its base.
    let version = inbox?.version;
    return new Form<InboxDraft>({
      value: inbox ? draftOf(inbox) : NEW_INBOX,
      check: (draft) => inboxProblems(draft, inbox === null, t, say),
      save: async (draft, base) => {
        if (!inbox) {
          const made = await api.post<Inbox>('inboxes', draft);
          inboxes.put(made);
          location.hash = pageHref('settings', ['inboxes', made.id]);
          return draftOf(made);
        }
        const body = { version, ...patchOf(draft, base) };
        const { item, isTheirs } = await patched<Inbox>(api, 'inboxes', inboxes, inbox.id, body);
        version = item.version;
        if (isTheirs) throw new Conflict(draftOf(item));
        return draftOf(item);
      },
    });
  }, [inbox?.id]);
  const tabs = inbox ? TABS : (['general'] as const);
  const tab: Tab = tabs.find((each) => each === route.value.path[2]) ?? 'general';
  const go = (next: Tab) => (location.hash = pageHref('settings', [...address, next]));

  return (
    <>
      <h2 class="settings-editor-title">
        {inbox ? form.value.value.name || inbox.name : t('add')}
      </h2>
      {inbox && (
        <nav class="tabs settings-editor-tabs" aria-label={t('parts')}>
          {tabs.map((each) => (
            <a
              key={each}
              class="tab"
              href={pageHref('settings', [...address, each])}
              aria-current={each === tab ? 'page' : undefined}
            >
              {t(`tab_${each}`)}
            </a>
          ))}
        </nav>
      )}
      <FormView
        form={form}
        scope={pageHref('settings', address)}
        creates={inbox === null}
        nameOf={(field) => t(FIELD_TEXTS[field] ?? 'parts')}
        onRefused={([field]) => field !== undefined && tabOf(field) !== tab && go(tabOf(field))}
      >
        {tab === 'general' && (
          <GeneralTab form={form} isNew={inbox === null} teams={teams} skills={skills} />
        )}
        {tab === 'widget' && <LookTab form={form} />}
        {tab === 'hours' && <HoursTab form={form} />}
        {tab === 'times' && <TimesTab form={form} />}
        {tab === 'bot' && <BotTab form={form} />}
        {tab === 'retention' && <RetentionTab form={form} />}
        {tab === 'install' && inbox && <InstallTab inbox={inbox} />}
      </FormView>
      {tab === 'channels' && inbox && <ChannelsTab inbox={inbox} />}
    </>
  );
}
