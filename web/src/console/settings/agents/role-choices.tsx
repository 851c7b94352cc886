import { texts } from '../../../i18n/staff';
import type { AgentRole } from '../../../protocol/types';
import { useTextsOf } from '../../context';
import { Choices } from '../../forms/inputs';

interface RoleChoicesProps {
  value: AgentRole;
  error: string | null;
  onChange(role: AgentRole): void;
}

export function RoleChoices({ value, error, onChange }: RoleChoicesProps) {
  const { t } = useTextsOf(texts);
  return (
    <Choices
      label={t('role')}
      value={value}
      error={error}
      options={(['agent', 'supervisor', 'admin'] as const).map((role) => ({
        value: role,
        label: t(`role_${role}`),
        hint: t(`role_${role}Hint`),
      }))}
      onChange={onChange}
    />
  );
}
