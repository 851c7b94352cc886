import { useState } from 'preact/hooks';
import { texts } from '../../i18n/profile';
import { Avatar } from '../../ui/avatar';
import { useDesk, useTextsOf } from '../context';
import { PasswordSection } from './password';
import './profile.css';
import { SecondFactorSection } from './second-factor';
import { SessionsSection } from './sessions';

/** What an agent decides about its own account. */
export default function ProfilePage() {
  const me = useDesk().me.value;
  const { t } = useTextsOf(texts);
  const [changes, setChanges] = useState(0);
  return (
    <div class="profile-page">
      <h1>{t('title')}</h1>
      <div class="profile-head">
        <Avatar name={me.name} seed={me.id} size={48} />
        <div>
          <p class="pane-title">{me.name}</p>
          <p class="hint">{me.email}</p>
        </div>
      </div>
      <PasswordSection onChanged={() => setChanges(changes + 1)} />
      <SecondFactorSection />
      {/* A new password ends other sessions. */}
      <SessionsSection key={changes} />
    </div>
  );
}
