import { useMemo, useState } from 'preact/hooks';
import { texts as formTexts } from '../../i18n/forms';
import { texts } from '../../i18n/settings';
import type { Agent } from '../../protocol/types';
import { Dialog } from '../../ui/dialog';
import { Icon } from '../../ui/icons';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { CodeBox } from '../forms/copy';
import { useFailure } from '../forms/failure';
import { Form, type Problems } from '../forms/form';
import { LinesInput, TextInput } from '../forms/inputs';
import { Loaded } from '../loaded';
import { CardList } from './card-list';
import { type List, useAll, useList } from './lists';
import { PermissionChoices } from './roles';
import type { ApiKey, Permission } from './shapes';
import { isoOf } from './times';

export default function Keys() {
  const { t } = useTextsOf(texts);
  const keys = useList<ApiKey>('keys');
  const agents = useList<Agent>('agents');
  return (
    <CardList
      path="keys"
      list={keys}
      title={t('keys')}
      lead={t('keysLead')}
      add={t('keyAdd')}
      empty={t('keysEmpty')}
      emptyIcon="key"
      nameOf={({ name }) => name}
      chip={({ expires_at }) =>
        expires_at != null &&
        Date.parse(expires_at) < Date.now() && <span class="form-chip">{t('keyExpired')}</span>
      }
      body={(key) => (
        <KeyFacts apiKey={key} owner={agents.now().find(({ id }) => id === key.owner_id)} />
      )}
      ending={{
        label: t('keyRevoke'),
        titleOf: (name) => t('keyRevokeTitle', { name }),
        text: t('keyRevokeText'),
      }}
      maker={(close) => <NewKey keys={keys} onClose={close} />}
    />
  );
}

function KeyFacts({ apiKey, owner }: { apiKey: ApiKey; owner: Agent | undefined }) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const { scopes, networks, created_at, expires_at, last_used_at } = apiKey;
  return (
    <dl class="facts is-start">
      <dt>{t('keyScopes')}</dt>
      <dd>{scopes.length > 0 ? scopes.join(', ') : t('keyNoScopes')}</dd>
      <dt>{t('keyNetworks')}</dt>
      <dd>{networks.length > 0 ? networks.join(', ') : t('keyAnywhere')}</dd>
      <dt>{t('keyOwner')}</dt>
      <dd>{owner?.name ?? '–'}</dd>
      <dt>{t('keyMade')}</dt>
      <dd>{moment(created_at, i18n)}</dd>
      <dt>{t('keyUsed')}</dt>
      <dd>{last_used_at ? moment(last_used_at, i18n) : t('keyNeverUsed')}</dd>
      <dt>{t('keyExpires')}</dt>
      <dd>{expires_at ? moment(expires_at, i18n) : t('never')}</dd>
    </dl>
  );
}

interface KeyDraft {
  name: string;
  scopes: string[];
  networks: string[];
  expires: string;
}

function NewKey({ keys, onClose }: { keys: List<ApiKey>; onClose(): void }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const failureText = useFailure();
  const permissions = useAll<Permission>('permissions');
  const [token, setToken] = useState<string | null>(null);
  const form = useMemo(
    () =>
      new Form<KeyDraft>({
        value: { name: '', scopes: [], networks: [], expires: '' },
        check: ({ name, scopes }): Problems => ({
          ...(name.trim() === '' ? { name: say('required') } : {}),
          ...(scopes.length === 0 ? { scopes: t('keyScopesNeeded') } : {}),
        }),
        save: async (draft) => {
          const { name, scopes, networks } = draft;
          const expires_at = isoOf(draft.expires);
          const made = await api.post<{ token: string; key: ApiKey }>('keys', {
            name,
            scopes,
            networks,
            ...(expires_at === null ? {} : { expires_at }),
          });
          keys.put(made.key, 'first');
          setToken(made.token);
          return draft;
        },
      }),
    [],
  );
  const draft = form.value.value;
  const failure = form.failure.value;
  if (token !== null) {
    return (
      <Dialog title={t('keyTitle')} onClose={onClose}>
        <div class="dialog-stack">
          <p>{t('keyText')}</p>
          <CodeBox what={t('keyToken')} text={token} />
          <div class="dialog-actions">
            <button type="button" class="button is-primary" onClick={onClose}>
              {t('keyKept')}
            </button>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t('keyAdd')} size="large" onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void form.save();
        }}
      >
        <TextInput
          label={t('name')}
          hint={t('keyNameHint')}
          value={draft.name}
          error={form.errorAt('name')}
          max={200}
          onInput={(name) => form.set({ name })}
        />
        <Loaded of={permissions}>
          {(known) => (
            <PermissionChoices
              label={t('keyScopes')}
              permissions={known}
              chosen={draft.scopes}
              error={form.errorAt('scopes')}
              set={(scopes) => form.set({ scopes })}
            />
          )}
        </Loaded>
        <LinesInput
          label={t('keyNetworks')}
          hint={t('keyNetworksHint')}
          placeholder="203.0.113.0/24"
          value={draft.networks}
          error={form.errorAt('networks')}
          onInput={(networks) => form.set({ networks })}
        />
        <TextInput
          label={t('keyExpires')}
          hint={t('expiresHint')}
          type="datetime-local"
          value={draft.expires}
          error={form.errorAt('expires_at')}
          onInput={(expires) => form.set({ expires })}
        />
        {failure !== null && (
          <p class="form-error" role="alert">
            <Icon name="alert" size={16} />
            {failureText(failure)}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {say('cancel')}
          </button>
          <button type="submit" class="button is-primary" disabled={form.busy.value}>
            {say('create')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
