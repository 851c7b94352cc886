import { useState } from 'preact/hooks';
import type { Agent } from '../../protocol/types';
import { Field } from '../../ui/field';
import { useConsole } from '../context';
import { causeOf } from '../loaded';
import { useBoard, useTeamTexts } from './context';

const CAPACITY_MAX = 1_000;

interface CapacityFormProps {
  agent: Agent;
  close(): void;
}

/** How many conversations somebody is given at once. */
export function CapacityForm({ agent, close }: CapacityFormProps) {
  const board = useBoard();
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const [capacity, setCapacity] = useState(String(agent.capacity));
  const [state, setState] = useState<'idle' | 'saving' | { error: unknown }>('idle');
  const save = async () => {
    setState('saving');
    try {
      await board.setCapacity(agent.id, Number(capacity));
      close();
    } catch (error) {
      setState({ error });
    }
  };
  return (
    <form
      class="capacity-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Field
        label={t('capacity')}
        hint={t('capacityHint')}
        error={typeof state === 'string' ? null : causeOf(state.error, i18n)}
      >
        {(ties) => (
          <input
            class="input"
            type="number"
            min={0}
            max={CAPACITY_MAX}
            step={1}
            required
            {...ties}
            value={capacity}
            onInput={(event) => setCapacity(event.currentTarget.value)}
          />
        )}
      </Field>
      <button type="submit" class="button is-primary" disabled={state === 'saving'}>
        {t('save')}
      </button>
    </form>
  );
}
