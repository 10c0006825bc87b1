/** The backup of a profile: when the last one was made, a new one, and the way back. */
import { ArchiveRestore, Save } from 'lucide-react';
import { useTask } from '../../api/client.ts';
import { useApp } from '../../app/state.tsx';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { Button, formatBytes, LinkButton, Notice, TaskProgress, Time, toast } from '../../ui/index.ts';
import { Rows, SettingRow } from './rows.tsx';

/** The backup. */
export function BackupSettings() {
  const t = useTexts('settings');
  const language = useLanguage();
  const { lastBackupAtMs } = useApp();
  const save = useTask('backup.save');
  const begin = () => {
    save.run({}).then(
      ({ saved, bytes }) => {
        if (saved) toast({ text: t('backup.saved', { size: formatBytes(bytes, language) }), kind: 'success' });
      },
      () => undefined, // The error is in `save.error`, which the progress below shows.
    );
  };
  return (
    <>
      {lastBackupAtMs === null && (
        <Notice kind="warning" title={t('backup.never')}>
          {t('backup.never.text')}
        </Notice>
      )}
      <Rows>
        <SettingRow
          title={t('backup')}
          help={
            lastBackupAtMs === null ? (
              t('backup.help')
            ) : (
              <>
                {t('backup.last')} <Time ms={lastBackupAtMs} />
              </>
            )
          }
        >
          <Button kind="primary" icon={<Save />} busy={save.running} onPress={begin}>
            {t('backup.save')}
          </Button>
        </SettingRow>
        <SettingRow title={t('restore')} help={t('restore.help')}>
          <LinkButton to="/welcome" icon={<ArchiveRestore />}>
            {t('restore.begin')}
          </LinkButton>
        </SettingRow>
      </Rows>
      <TaskProgress task={save} title={t('backup.save')} />
    </>
  );
}
