import { computed, effect } from '@preact/signals';
import { render } from 'preact';
import { TextsProvider } from '../ui/context';
import { attached } from '../ui/message-body';
import '../ui/more-icons';
import { setTheme } from '../ui/theme';
import { App } from './app';
import { ConsoleProvider, consoleI18n } from './context';
import { storeLocale, storedLocale, storedTheme } from './preferences';
import { Session } from './session';
import { titleCount } from './shell/alerts';

setTheme(storedTheme());
attached.prefetch();
const i18n = consoleI18n(storedLocale());
const session = new Session(new URL('..', location.href));
effect(() => {
  document.documentElement.lang = i18n.locale.value;
  storeLocale(i18n.locale.value);
});
const count = computed(() => {
  const state = session.state.value;
  return state.kind === 'signed-in' ? titleCount(state.desk) : null;
});
effect(() => {
  const calls = count.value?.value ?? 0;
  document.title = calls > 0 ? `(${calls}) kefu` : 'kefu';
});
render(
  <TextsProvider value={i18n}>
    <ConsoleProvider value={{ session, i18n }}>
      <App />
    </ConsoleProvider>
  </TextsProvider>,
  document.getElementById('app')!,
);
