/** The profile's name and its phrase: to look at, and to rehearse. */
import { Eye, ListChecks } from 'lucide-react';
import { useState } from 'react';
import { useAction } from '../../api/client.ts';
import { useProfile } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import { Button, ErrorPanel, Notice, Row, TextField, Time, toast } from '../../ui/index.ts';
import { Rows, SettingRow } from './rows.tsx';

/** The profile. */
export function ProfileSettings() {
  const t = useTexts('settings');
  const profile = useProfile();
  const rename = useAction('profile.rename');
  const show = useAction('profile.showPhrase');
  const rehearse = useAction('profile.rehearsePhrase');
  const [name, setName] = useState(profile?.name ?? '');
  if (profile === null) return null;
  const save = () => {
    rename.run({ profileId: profile.id, name }).then(
      () => toast({ text: t('profile.renamed'), kind: 'success' }),
      () => undefined, // The error is in `rename.error`, which the panel below shows.
    );
  };
  const compare = () => {
    rehearse.run({}).then(
      ({ correct }) => {
        if (correct) toast({ text: t('phrase.correct'), kind: 'success' });
      },
      () => undefined, // The error is in `rehearse.error`, which the panel below shows.
    );
  };
  return (
    <>
      {profile.phraseUnseen && (
        <Notice
          kind="warning"
          title={t('phrase.unseen')}
          action={
            <Button size="small" busy={show.running} onPress={() => show.start({})}>
              {t('phrase.show')}
            </Button>
          }
        >
          {t('phrase.unseen.text')}
        </Notice>
      )}
      <Rows>
        <Row gap={2} align="end">
          <TextField label={t('profile.name')} value={name} onChange={setName} maxLength={80} />
          <Button isDisabled={name.trim() === '' || name.trim() === profile.name} busy={rename.running} onPress={save}>
            {t('profile.rename')}
          </Button>
        </Row>
        <SettingRow title={t('profile.network')} help={t('profile.since')}>
          {profile.networkName} · <Time ms={profile.createdAtMs} />
        </SettingRow>
      </Rows>
      <Rows>
        <SettingRow title={t('phrase')} help={t('phrase.help')}>
          <Button icon={<Eye />} busy={show.running} onPress={() => show.start({})}>
            {t('phrase.show')}
          </Button>
        </SettingRow>
        <SettingRow title={t('rehearse')} help={t('rehearse.help')}>
          <Button icon={<ListChecks />} busy={rehearse.running} onPress={compare}>
            {t('rehearse.begin')}
          </Button>
        </SettingRow>
      </Rows>
      <ErrorPanel error={rename.error ?? show.error ?? rehearse.error} />
    </>
  );
}
