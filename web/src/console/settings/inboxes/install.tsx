import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/inboxes';
import { Dialog } from '../../../ui/dialog';
import { Icon } from '../../../ui/icons';
import { useDesk, useTextsOf } from '../../context';
import { Confirm } from '../../forms/confirm';
import { CodeBox } from '../../forms/copy';
import { Part } from '../section';
import type { Inbox } from '../shapes';
import { embedSnippet, HMAC_SNIPPETS, identifySnippet, LANGUAGES } from './snippets';

export function InstallTab({ inbox }: { inbox: Inbox }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [language, setLanguage] = useState<(typeof LANGUAGES)[number]>('Node.js');
  const server = new URL('../..', api.root).href.replace(/\/$/, '');
  return (
    <>
      <Part title={t('partEmbed')} lead={t('partEmbedLead')}>
        <CodeBox what={t('embed')} text={embedSnippet(server, inbox.key)} />
      </Part>
      <Part title={t('partIdentify')} lead={t('partIdentifyLead')}>
        <CodeBox what={t('identify')} text={identifySnippet()} />
        <h4>{t('proof')}</h4>
        <p class="settings-part-lead">{t('proofLead')}</p>
        <div class="form-segments" role="group" aria-label={t('language')}>
          {LANGUAGES.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === language}
              onClick={() => setLanguage(each)}
            >
              {each}
            </button>
          ))}
        </div>
        <CodeBox what={`${t('proof')}, ${language}`} text={HMAC_SNIPPETS[language]} />
      </Part>
      <Secret inbox={inbox} />
    </>
  );
}

/** The secret is shown once; a new one makes the one before worthless. */
function Secret({ inbox }: { inbox: Inbox }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [state, setState] = useState<'idle' | 'asking' | { secret: string }>('idle');
  return (
    <Part title={t('partSecret')} lead={t('partSecretLead')}>
      <button type="button" class="button" onClick={() => setState('asking')}>
        <Icon name="reopen" size={16} />
        {t('rotate')}
      </button>
      {state === 'asking' && (
        <Confirm
          title={t('rotateTitle')}
          action={t('rotate')}
          danger
          onClose={() => setState((now) => (now === 'asking' ? 'idle' : now))}
          run={async () => {
            const { secret } = await api.post<{ secret: string }>(`inboxes/${inbox.id}/secret`);
            setState({ secret });
          }}
        >
          <p>{t('rotateText')}</p>
        </Confirm>
      )}
      {typeof state === 'object' && (
        <Dialog title={t('secretTitle')} onClose={() => setState('idle')}>
          <div class="dialog-stack">
            <p>{t('secretText')}</p>
            <CodeBox what={t('secret')} text={state.secret} />
            <div class="dialog-actions">
              <button type="button" class="button is-primary" onClick={() => setState('idle')}>
                {t('secretKept')}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </Part>
  );
}
