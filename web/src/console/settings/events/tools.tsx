import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/events';
import { Icon } from '../../../ui/icons';
import { moment } from '../../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../../context';
import { announce } from '../../forms/announce';
import { Confirm } from '../../forms/confirm';
import { useFailure } from '../../forms/failure';
import { TextInput } from '../../forms/inputs';
import { isoOf } from '../times';
import type { Subscription, TestResult } from './shapes';

interface ToolsProps {
  subscription: Subscription;
  onSecret(secret: string | undefined): void;
}

type Test = 'idle' | 'asking' | { failure: unknown } | { result: TestResult };

/** What can be done with a subscription besides changing it. */
export function Tools({ subscription, onSecret }: ToolsProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const [test, setTest] = useState<Test>('idle');
  const [asking, setAsking] = useState<'secret' | 'replay' | null>(null);
  const path = `subscriptions/${subscription.id}`;
  const isWebhook = subscription.kind === 'webhook';
  const send = () => {
    setTest('asking');
    api.post<TestResult>(`${path}/test`).then(
      (result) => setTest({ result }),
      (failure: unknown) => setTest({ failure }),
    );
  };
  return (
    <section class="settings-part">
      <div class="button-row">
        {isWebhook && (
          <button type="button" class="button" disabled={test === 'asking'} onClick={send}>
            <Icon name="bolt" size={16} />
            {t(test === 'asking' ? 'testing' : 'test')}
          </button>
        )}
        {isWebhook && subscription.is_fixed !== true && (
          <button type="button" class="button" onClick={() => setAsking('secret')}>
            <Icon name="key" size={16} />
            {t('newSecret')}
          </button>
        )}
        <button type="button" class="button" onClick={() => setAsking('replay')}>
          <Icon name="undo" size={16} />
          {t('replay')}
        </button>
      </div>
      <div role="status">
        {typeof test === 'object' && 'failure' in test && (
          <p class="form-error">
            <Icon name="alert" size={16} />
            {failureText(test.failure)}
          </p>
        )}
        {typeof test === 'object' && 'result' in test && <TestLine result={test.result} />}
      </div>
      {asking === 'secret' && (
        <Confirm
          title={t('newSecretTitle')}
          action={t('make')}
          onClose={() => setAsking(null)}
          run={async () => onSecret((await api.post<Subscription>(`${path}/secret`)).secret)}
        >
          <p>{t('newSecretText')}</p>
        </Confirm>
      )}
      {asking === 'replay' && <ReplayDialog path={path} onClose={() => setAsking(null)} />}
    </section>
  );
}

function TestLine({ result: { status, latency_ms, error } }: { result: TestResult }) {
  const { t } = useTextsOf(texts);
  const ms = latency_ms ?? 0;
  const isTaken = error === null && status !== null && status >= 200 && status < 300;
  const reason = status === null ? (error ?? '') : t('testStatus', { status, ms });
  return (
    <p class={isTaken ? 'subscription-taken' : 'form-error'}>
      <Icon name={isTaken ? 'check' : 'alert'} size={16} />
      {isTaken ? t('testPassed', { status, ms }) : t('testFailed', { reason })}
    </p>
  );
}

function ReplayDialog({ path, onClose }: { path: string; onClose(): void }) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [from, setFrom] = useState('');
  return (
    <Confirm
      title={t('replayTitle')}
      action={t('replay')}
      onClose={onClose}
      run={async () => {
        const at = isoOf(from);
        await api.post(`${path}/replay`, { from: at });
        announce(t('replayDone', { time: moment(at ?? '', i18n) }));
      }}
    >
      <p>{t('replayText')}</p>
      <TextInput label={t('replayFrom')} type="datetime-local" value={from} onInput={setFrom} />
    </Confirm>
  );
}
