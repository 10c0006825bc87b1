/** Who keeps the key that seals everything: the system's keychain, a passphrase, or both; and why. */
import { KeyRound, LockKeyhole } from 'lucide-react';
import { useState } from 'react';
import { useAction } from '../../api/client.ts';
import { useApp } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import { Button, Card, ErrorPanel, Notice, RadioCards, Stack, Text } from '../../ui/index.ts';
import styles from './first-start.module.css';

/** The choice; with it made, the application is unlocked and the page goes on. */
export function KeepKeys() {
  const t = useTexts('first-start');
  const { keychain } = useApp();
  const [keeper, setKeeper] = useState<'keychain' | 'passphrase'>(keychain.available ? 'keychain' : 'passphrase');
  const begin = useAction('lock.begin');
  return (
    <Card>
      <Stack gap={5}>
        <Stack gap={1}>
          <Text size="large" strong as="h2">
            {t('keys')}
          </Text>
          <Text tone="quiet">{t('keys.lead')}</Text>
        </Stack>
        {keychain.available ? (
          <RadioCards
            label={t('keys.keeper')}
            hideLabel
            value={keeper}
            onChange={setKeeper}
            options={[
              {
                id: 'keychain',
                title: t('keys.keychain'),
                detail: t('keys.keychain.text', { backend: keychain.backend }),
                icon: <KeyRound />,
              },
              { id: 'passphrase', title: t('keys.both'), detail: t('keys.both.text'), icon: <LockKeyhole /> },
            ]}
          />
        ) : (
          <Notice kind="warning" title={t('keys.none')}>
            {t('keys.none.text', { backend: keychain.backend })}
          </Notice>
        )}
        <ErrorPanel error={begin.error} />
        <div className={styles.end}>
          <Button kind="primary" busy={begin.running} onPress={() => begin.start({ withPassphrase: keeper === 'passphrase' })}>
            {t(keeper === 'passphrase' ? 'keys.choose' : 'continue')}
          </Button>
        </div>
      </Stack>
    </Card>
  );
}
