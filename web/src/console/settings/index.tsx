import type { ComponentType } from 'preact';
import { texts } from '../../i18n/settings';
import type { Page, WidgetConfig } from '../../protocol/types';
import { useLoad } from '../../ui/load';
import { useDesk, useTextsOf } from '../context';
import { Announcer } from '../forms/announce';
import { Loaded } from '../loaded';
import { may } from '../pages';
import { pageHref, route } from '../router';
import { GROUPS, type Section } from './sections';
import type { Inbox } from './shapes';
import '../forms/forms.css';
import './settings.css';

export default function SettingsPage() {
  const { t } = useTextsOf(texts);
  const me = useDesk().me.value;
  const isShadow = useIsShadow();
  const groups = GROUPS.map(({ title, sections }) => ({
    title,
    sections: sections.filter((each) => each.allowed(me) && (!each.shadow || isShadow)),
  })).filter(({ sections }) => sections.length > 0);
  const sections = groups.flatMap((group) => group.sections);
  const [wanted] = route.value.path;
  const chosen = wanted === undefined ? sections[0] : sections.find(({ name }) => name === wanted);

  return (
    <div class="settings">
      <h1 class="visually-hidden">
        {chosen ? `${t('settings')}: ${t(chosen.title)}` : t('settings')}
      </h1>
      <nav class="settings-nav" aria-label={t('settings')}>
        {groups.map(({ title, sections }) => (
          <div key={title}>
            <h2>{t(title)}</h2>
            <ul>
              {sections.map((each) => (
                <li key={each.name}>
                  <a
                    href={pageHref('settings', [each.name])}
                    aria-current={each === chosen ? 'page' : undefined}
                  >
                    {t(each.title)}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div class="settings-choice">
        <select
          class="input"
          aria-label={t('settings')}
          value={chosen?.name ?? ''}
          onChange={(event) => {
            const { value } = event.currentTarget;
            // Whoever stays with what is not saved sees where that is.
            event.currentTarget.value = chosen?.name ?? '';
            location.hash = pageHref('settings', [value]);
          }}
        >
          {groups.map(({ title, sections }) => (
            <optgroup key={title} label={t(title)}>
              {sections.map((each) => (
                <option key={each.name} value={each.name}>
                  {t(each.title)}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </div>
      <div class="settings-body">
        {chosen ? (
          <SectionView key={chosen.name} section={chosen} />
        ) : (
          <div class="pane-state" role="alert">
            <p>{t('noSection')}</p>
          </div>
        )}
      </div>
      <Announcer />
    </div>
  );
}

function SectionView({ section }: { section: Section }) {
  const loaded = useLoad<{ View: ComponentType }>(section.name, () =>
    section.load().then((module) => ({ View: module.default })),
  );
  return (
    <Loaded of={loaded} pane>
      {({ View }) => <View />}
    </Loaded>
  );
}

/** Whether the server rehearses; its widget says so. */
function useIsShadow(): boolean {
  const { api, me } = useDesk();
  const { state } = useLoad(may(me.value, 'audit') ? 'shadow' : null, async (signal) => {
    const inboxes = await api.get<Page<Inbox>>('inboxes', {}, { signal });
    const inbox = inboxes.items[0]?.key;
    if (inbox === undefined) return false;
    return (await api.get<WidgetConfig>('widget/config', { inbox }, { signal })).shadow;
  });
  return state.status === 'ready' && state.value;
}
