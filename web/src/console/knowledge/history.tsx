import { useState } from 'preact/hooks';
import { texts } from '../../i18n/knowledge';
import type { Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { announce } from '../forms/announce';
import { Confirm } from '../forms/confirm';
import { Loaded } from '../loaded';
import { may } from '../pages';
import { pageHref } from '../router';
import { DiffView } from './diff-view';
import { useAgentNames } from './lists';
import type { Article, ArticleText, ArticleVersion, Language } from './shapes';

/** What an article said earlier, and what was changed each time. */
export function HistoryPage({ id, language }: { id: string; language: Language }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const path = `articles/${id}/texts/${language}`;
  const versions = useLoad(`${path}/versions`, async (signal) => {
    return (await api.get<Page<ArticleVersion>>(`${path}/versions`, {}, { signal })).items;
  });
  const [chosen, setChosen] = useState<number | null>(null);
  return (
    <section class="article">
      <a class="page-back" href={pageHref('knowledge', [id])}>
        <Icon name="back" size={18} />
        {t('backToArticle')}
      </a>
      <header class="knowledge-head">
        <div>
          <h1>{t('history', { language: t(`language_${language}`) })}</h1>
          <p>{t('historyLead')}</p>
        </div>
      </header>
      <Loaded of={versions} pane>
        {(list) => {
          const version = list.find((each) => each.version === chosen) ?? list[0];
          if (!version) {
            return (
              <div class="pane-state">
                <p>{t('historyEmpty')}</p>
              </div>
            );
          }
          return (
            <div class="article-history">
              <Versions list={list} chosen={version.version} choose={setChosen} />
              <VersionView
                key={version.version}
                path={path}
                version={version.version}
                before={list[list.indexOf(version) + 1]?.version ?? null}
                isLast={version === list[0]}
                restored={() => {
                  setChosen(null);
                  versions.retry();
                }}
              />
            </div>
          );
        }}
      </Loaded>
    </section>
  );
}

interface VersionsProps {
  list: readonly ArticleVersion[];
  chosen: number;
  choose(version: number): void;
}

function Versions({ list, chosen, choose }: VersionsProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const agents = useAgentNames();
  return (
    <ol class="article-versions" aria-label={t('versions')}>
      {list.map(({ version, title, author_id, created_at }, index) => (
        <li key={version}>
          <button
            type="button"
            aria-current={version === chosen ? 'true' : undefined}
            onClick={() => choose(version)}
          >
            <strong>
              {t('version', { n: version })}
              {index === 0 && <span class="form-chip">{t('versionNow')}</span>}
            </strong>
            <span class="hint">{title}</span>
            <span class="hint">
              {moment(created_at, i18n)} · {agents.get(author_id ?? '') ?? t('somebody')}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

interface VersionViewProps {
  path: string;
  version: number;
  before: number | null;
  isLast: boolean;
  restored(): void;
}

function VersionView({ path, version, before, isLast, restored }: VersionViewProps) {
  const { api, me } = useDesk();
  const { t } = useTextsOf(texts);
  const [asking, setAsking] = useState(false);
  const both = useLoad(`${path} ${version}`, async (signal) => {
    const text = (number: number) => api.get<ArticleText>(path, { version: number }, { signal });
    return { text: await text(version), earlier: before === null ? null : await text(before) };
  });
  const whole = (text: ArticleText | null) => (text ? `${text.title}\n\n${text.body}` : '');
  return (
    <div class="form-card">
      <div class="form-card-head">
        <h2>
          {before === null
            ? t('version', { n: version })
            : t('versionChanges', { n: version, before })}
        </h2>
        {!isLast && may(me.value, 'knowledge') && (
          <button type="button" class="button" onClick={() => setAsking(true)}>
            <Icon name="reopen" size={16} />
            {t('restore')}
          </button>
        )}
      </div>
      <Loaded of={both}>
        {({ text, earlier }) => (
          <DiffView
            label={t('versionDiff', { n: version })}
            before={whole(earlier)}
            after={whole(text)}
          />
        )}
      </Loaded>
      {asking && (
        <Confirm
          title={t('restoreTitle', { n: version })}
          action={t('restore')}
          onClose={() => setAsking(false)}
          run={async () => {
            await api.post<Article>(`${path}/restore`, { version });
            announce(t('restored', { n: version }));
            restored();
          }}
        >
          <p>{t('restoreText')}</p>
        </Confirm>
      )}
    </div>
  );
}
