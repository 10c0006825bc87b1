/** The lock: when it closes, and who keeps its key. */
import { Lock } from 'lucide-react';
import { useState } from 'react';
import { useAction } from '../../api/client.ts';
import { useApp } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import { Button, ConfirmDialog, ErrorPanel, Select, toast } from '../../ui/index.ts';
import { Rows, SettingRow } from './rows.tsx';

const minutes = ['0', '5', '15', '30', '60', '240'];

/** The lock. */
export function LockSettings() {
  const t = useTexts('settings');
  const { settings, keychain } = useApp();
  const change = useAction('app.settings');
  const lock = useAction('lock.lock');
  const passphrase = useAction('lock.changePassphrase');
  const remove = useAction('lock.removePassphrase');
  const [removing, setRemoving] = useState(false);
  const hasPassphrase = keychain.mode !== 'keychain';
  const current = String(settings.autoLockMinutes);
  const options = minutes.includes(current) ? minutes : [...minutes, current].toSorted((first, second) => Number(first) - Number(second));
  const changePassphrase = () => {
    passphrase.run({}).then(
      ({ changed }) => {
        if (changed) toast({ text: t('passphrase.changed'), kind: 'success' });
      },
      () => undefined, // The error is in `passphrase.error`, which the panel below shows.
    );
  };
  return (
    <>
      <Rows>
        <SettingRow title={t('auto-lock')} help={t('auto-lock.help')}>
          <Select
            label={t('auto-lock')}
            hideLabel
            value={current}
            onChange={(value) => change.start({ autoLockMinutes: Number(value) })}
            options={options.map((id) => ({
              id,
              label: id === '0' ? t('auto-lock.never') : t('auto-lock.minutes', { count: Number(id) }),
            }))}
          />
        </SettingRow>
        <SettingRow title={t('lock.now')} help={t('lock.now.help')}>
          <Button icon={<Lock />} busy={lock.running} onPress={() => lock.start({})}>
            {t('lock.now')}
          </Button>
        </SettingRow>
      </Rows>
      <Rows>
        <SettingRow title={t('keeper')} help={t(`keeper.${keychain.mode}`, { backend: keychain.backend })} />
        <SettingRow title={t('passphrase')} help={t(hasPassphrase ? 'passphrase.on' : 'passphrase.off')}>
          {hasPassphrase && keychain.available && <Button onPress={() => setRemoving(true)}>{t('passphrase.remove')}</Button>}
          <Button busy={passphrase.running} onPress={changePassphrase}>
            {t(hasPassphrase ? 'passphrase.change' : 'passphrase.add')}
          </Button>
        </SettingRow>
      </Rows>
      <ErrorPanel error={change.error ?? lock.error ?? passphrase.error} />
      <ConfirmDialog
        isOpen={removing}
        onClose={() => setRemoving(false)}
        title={t('passphrase.remove.title')}
        confirmLabel={t('passphrase.remove')}
        onConfirm={() => remove.run({})}
        danger
      >
        <p>{t('passphrase.remove.text')}</p>
      </ConfirmDialog>
    </>
  );
}
