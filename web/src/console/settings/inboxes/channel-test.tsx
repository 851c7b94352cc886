import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/channels';
import type { Page } from '../../../protocol/types';
import { Icon } from '../../../ui/icons';
import { useDesk, useTextsOf } from '../../context';
import { useFailure } from '../../forms/failure';
import type { Channel, ChannelCheck } from './channel-shapes';

type State =
  | { kind: 'idle' | 'asking' }
  | { kind: 'failed'; failure: unknown }
  | { kind: 'answered'; steps: readonly ChannelCheck[] };

/** Asks the service whether the values are good, and shows what it answers. */
export function ChannelTest({ channel }: { channel: Channel }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const [state, setState] = useState<State>({ kind: 'idle' });
  const ask = () => {
    setState({ kind: 'asking' });
    api.post<Page<ChannelCheck>>(`channels/${channel.id}/check`).then(
      ({ items }) => setState({ kind: 'answered', steps: items }),
      (failure: unknown) => setState({ kind: 'failed', failure }),
    );
  };
  return (
    <div class="channel-test">
      <div class="button-row">
        <button
          type="button"
          class="button is-small"
          disabled={state.kind === 'asking'}
          onClick={ask}
        >
          {state.kind === 'asking' ? (
            <span class="spinner" aria-hidden="true" />
          ) : (
            <Icon name="bolt" size={16} />
          )}
          {t(state.kind === 'asking' ? 'testing' : 'test')}
        </button>
      </div>
      <div role="status">
        {state.kind === 'failed' && (
          <p class="form-error">
            <Icon name="alert" size={16} />
            {failureText(state.failure)}
          </p>
        )}
        {state.kind === 'answered' && state.steps.length === 0 && (
          <p class="hint">{t('nothingToTest')}</p>
        )}
        {state.kind === 'answered' &&
          state.steps.map((step) => <Step key={step.key} step={step} />)}
      </div>
    </div>
  );
}

function Step({ step }: { step: ChannelCheck }) {
  const { t } = useTextsOf(texts);
  const token = step.key.startsWith('tokens.') ? step.key.slice('tokens.'.length) : null;
  const what = token === null ? t('testAccount') : t('testToken', { name: token });
  return (
    <div class={`channel-step ${step.passed ? 'is-passed' : 'is-failed'}`}>
      <p>
        <Icon name={step.passed ? 'check' : 'alert'} size={16} />
        <span>
          {t(step.passed ? 'testPassed' : 'testFailed', { what })}
          {step.status !== undefined && ` · HTTP ${step.status}`}
        </span>
      </p>
      {step.answer !== '' && (
        <div class="code-box">
          <pre tabIndex={0} aria-label={t('answerOf', { what })}>
            {step.answer}
          </pre>
        </div>
      )}
    </div>
  );
}
