import { useMemo } from 'preact/hooks';
import { texts as formTexts } from '../../i18n/forms';
import { texts } from '../../i18n/staff';
import { useConsole, useDesk, useTextsOf } from '../context';
import { Form, type Problems } from '../forms/form';
import { FormView } from '../forms/form-view';
import { Check, Group, TextInput } from '../forms/inputs';
import { Loaded } from '../loaded';
import { may } from '../pages';
import { pageHref } from '../router';
import { type List, useAll, useList } from './lists';
import { ListEditor, Part, RemoveButton } from './section';
import type { Permission, Role } from './shapes';

export default function Roles() {
  const { t, count } = useTextsOf(texts);
  const roles = useList<Role>('roles');
  const permissions = useAll<Permission>('permissions');
  return (
    <ListEditor
      name="roles"
      title={t('roles')}
      lead={t('rolesLead')}
      load={roles}
      textOf={({ name }) => name}
      row={(role) => (
        <>
          <strong>{role.name}</strong>
          <span class="hint">{count('permissionCount', role.permissions.length)}</span>
        </>
      )}
      add={t('add')}
      empty={t('rolesEmpty')}
      editor={(role) => (
        <Loaded of={permissions} pane>
          {(known) => <RoleEditor role={role} roles={roles} permissions={known} />}
        </Loaded>
      )}
    />
  );
}

interface RoleEditorProps {
  role: Role | null;
  roles: List<Role>;
  permissions: readonly Permission[];
}

function RoleEditor({ role, roles, permissions }: RoleEditorProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const id = role?.id ?? 'new';
  const form = useMemo(
    () =>
      new Form<Pick<Role, 'name' | 'permissions'>>({
        value: { name: role?.name ?? '', permissions: role?.permissions ?? [] },
        check: ({ name }): Problems => (name.trim() === '' ? { name: say('required') } : {}),
        save: async (draft) => {
          const saved = role
            ? await api.patch<Role>(`roles/${role.id}`, draft)
            : await api.post<Role>('roles', draft);
          roles.put(saved);
          if (!role) location.hash = pageHref('settings', ['roles', saved.id]);
          return { name: saved.name, permissions: saved.permissions };
        },
      }),
    [id],
  );
  const draft = form.value.value;
  return (
    <>
      <h2 class="settings-editor-title">{role ? draft.name || role.name : t('roleNew')}</h2>
      <FormView form={form} scope={pageHref('settings', ['roles', id])} creates={role === null}>
        <Part title={t('partRole')} lead={t('partRoleLead')}>
          <TextInput
            label={t('name')}
            value={draft.name}
            error={form.errorAt('name')}
            max={200}
            onInput={(name) => form.set({ name })}
          />
          <PermissionChoices
            label={t('permissions')}
            permissions={permissions}
            chosen={draft.permissions}
            error={form.errorAt('permissions')}
            set={(chosen) => form.set({ permissions: chosen })}
          />
        </Part>
        {role && (
          <div class="settings-editor-end">
            <RemoveButton
              label={t('roleRemove')}
              title={t('roleRemoveTitle', { name: role.name })}
              text={t('roleRemoveText')}
              run={async () => {
                await api.delete(`roles/${role.id}`);
                form.discard();
                location.hash = pageHref('settings', ['roles']);
                roles.drop(role.id);
              }}
            />
          </div>
        )}
      </FormView>
    </>
  );
}

interface ChoicesProps {
  label: string;
  permissions: readonly Permission[];
  chosen: readonly string[];
  error: string | null;
  set(chosen: string[]): void;
}

/** Permissions with what they allow; nobody gives what they do not have. */
export function PermissionChoices({ label, permissions, chosen, error, set }: ChoicesProps) {
  const me = useDesk().me.value;
  const { locale } = useConsole().i18n;
  const { t } = useTextsOf(texts);
  return (
    <Group label={label} error={error}>
      <div class="permissions">
        {permissions.map(({ permission, zh, en }) => (
          <Check
            key={permission}
            label={locale.value === 'zh-CN' ? zh : en}
            hint={
              <>
                <code>{permission}</code>
                {!may(me, permission) && ` · ${t('permissionNotYours')}`}
              </>
            }
            checked={chosen.includes(permission)}
            disabled={!may(me, permission)}
            onChange={(on) =>
              set(on ? [...chosen, permission] : chosen.filter((each) => each !== permission))
            }
          />
        ))}
      </div>
    </Group>
  );
}
