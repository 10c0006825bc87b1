/** Appearance, language, and what the application does by itself. */
import type { SettingsView } from '../../../electron/views.ts';
import { useAction } from '../../api/client.ts';
import { useApp } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import { ErrorPanel, Select, Switch } from '../../ui/index.ts';
import { Rows, SettingRow } from './rows.tsx';

/** The general settings. */
export function GeneralSettings() {
  const t = useTexts('settings');
  const { settings } = useApp();
  const change = useAction('app.settings');
  return (
    <>
      <Rows>
        <SettingRow title={t('theme')} help={t('theme.help')}>
          <Select
            label={t('theme')}
            hideLabel
            value={settings.theme}
            onChange={(theme) => change.start({ theme: theme as SettingsView['theme'] })}
            options={(['system', 'light', 'dark'] as const).map((id) => ({ id, label: t(`theme.${id}`) }))}
          />
        </SettingRow>
        <SettingRow title={t('language')}>
          <Select
            label={t('language')}
            hideLabel
            value={settings.language}
            onChange={(language) => change.start({ language: language as SettingsView['language'] })}
            options={[
              { id: 'system', label: t('language.system') },
              { id: 'en', label: 'English' },
              { id: 'de', label: 'Deutsch' },
            ]}
          />
        </SettingRow>
      </Rows>
      <Rows>
        <Switch
          isSelected={settings.notifications}
          onChange={(notifications) => change.start({ notifications })}
          help={t('notifications.help')}
        >
          {t('notifications')}
        </Switch>
        <Switch
          isSelected={settings.startNetworks}
          onChange={(startNetworks) => change.start({ startNetworks })}
          help={t('start-networks.help')}
        >
          {t('start-networks')}
        </Switch>
        <Switch isSelected={settings.updates} onChange={(updates) => change.start({ updates })} help={t('updates.help')}>
          {t('updates')}
        </Switch>
      </Rows>
      <ErrorPanel error={change.error} />
    </>
  );
}
