/** What this is, in which version, whether there is a newer one, and a bundle for whoever helps. */
import { LifeBuoy, RefreshCw } from 'lucide-react';
import { useTask } from '../../api/client.ts';
import { Mark } from '../../app/mark.tsx';
import { useApp } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import { Button, Row, Stack, TaskProgress, Text, toast } from '../../ui/index.ts';
import styles from './about-settings.module.css';
import { Rows, SettingRow } from './rows.tsx';

/** About the application. */
export function AboutSettings() {
  const t = useTexts('settings');
  const { version, platform, updatesItself } = useApp();
  const update = useTask('app.checkForUpdate');
  const diagnostics = useTask('app.diagnostics');
  const look = () => {
    update.run({}).then(
      (answer) =>
        toast({ text: answer.version === null ? t('update.none') : t('update.found', { version: answer.version }), kind: 'success' }),
      () => undefined, // The error is in `update.error`, which the progress below shows.
    );
  };
  const save = () => {
    diagnostics.run({}).then(
      ({ path }) => {
        if (path !== null) toast({ text: t('diagnostics.saved', { path }), kind: 'success' });
      },
      () => undefined, // The error is in `diagnostics.error`, which the progress below shows.
    );
  };
  return (
    <>
      <Row gap={4}>
        <Mark className={styles.mark} />
        <Stack gap={0}>
          <Text size="title" strong as="h3">
            Vouchsafe
          </Text>
          <Text tone="quiet">{t('about.version', { version, platform })}</Text>
        </Stack>
      </Row>
      <Text tone="quiet">{t('about.text')}</Text>
      <Rows>
        <SettingRow title={t('update')} help={t(updatesItself ? 'update.help' : 'update.not-here')}>
          <Button icon={<RefreshCw />} busy={update.running} isDisabled={!updatesItself} onPress={look}>
            {t('update.look')}
          </Button>
        </SettingRow>
        <SettingRow title={t('diagnostics')} help={t('diagnostics.help')}>
          <Button icon={<LifeBuoy />} busy={diagnostics.running} onPress={save}>
            {t('diagnostics.save')}
          </Button>
        </SettingRow>
      </Rows>
      <TaskProgress task={update} />
      <TaskProgress task={diagnostics} />
      <Text size="small" tone="quiet">
        {t('about.licence')}
      </Text>
    </>
  );
}
