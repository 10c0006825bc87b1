/** The processes behind the window: how they are, a restart for those that failed, and what they said. */
import { RotateCw } from 'lucide-react';
import { useState } from 'react';
import type { ServiceView } from '../../../electron/views.ts';
import { useAction, useCall } from '../../api/client.ts';
import { useApp } from '../../app/state.tsx';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { Button, ErrorPanel, IconButton, Query, Row, Section, Select, Stack, StateBadge, Text } from '../../ui/index.ts';
import { Rows } from './rows.tsx';
import styles from './settings.module.css';

/** The services and their logs. */
export function ServiceSettings() {
  const t = useTexts('settings');
  const services = useCall('app.services', {});
  const [chosen, setChosen] = useState('all');
  return (
    <>
      <Text tone="quiet">{t('services.lead')}</Text>
      <Query result={services}>
        {(all) => (
          <>
            {all.length > 0 && (
              <Rows>
                {all.map((service) => (
                  <ServiceRow key={service.id} service={service} />
                ))}
              </Rows>
            )}
            <Logs
              chosen={chosen}
              onChoose={setChosen}
              options={[{ id: 'all', label: t('logs.all') }, ...all.map(({ id }) => ({ id, label: id }))]}
            />
          </>
        )}
      </Query>
    </>
  );
}

function ServiceRow({ service }: { readonly service: ServiceView }) {
  const t = useTexts('settings');
  const { profiles, networks } = useApp();
  const restart = useAction('app.restartService');
  const owner = [...profiles, ...networks].find(({ id }) => id === service.belongsTo)?.name;
  const failing = service.state === 'failing';
  return (
    <Stack gap={2}>
      <Row justify="between" gap={3}>
        <div className={styles.rowText}>
          <p className={styles.rowTitle}>{t(`service.${service.kind}`)}</p>
          <p className={styles.rowHelp}>
            {[owner, service.restarts > 0 ? t('service.restarts', { count: service.restarts }) : null].filter(Boolean).join(' · ') ||
              t(`service.${service.kind}.what`)}
          </p>
        </div>
        <Row gap={2}>
          <StateBadge state={service.state} />
          {failing ? (
            <Button size="small" icon={<RotateCw />} busy={restart.running} onPress={() => restart.start({ id: service.id })}>
              {t('service.restart')}
            </Button>
          ) : (
            <IconButton
              size="small"
              label={t('service.restart.of', { name: t(`service.${service.kind}`) })}
              icon={<RotateCw />}
              isDisabled={restart.running}
              onPress={() => restart.start({ id: service.id })}
            />
          )}
        </Row>
      </Row>
      <ErrorPanel error={restart.error ?? service.error} compact />
    </Stack>
  );
}

interface LogsProps {
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
  readonly options: readonly { readonly id: string; readonly label: string }[];
}

function Logs({ chosen, onChoose, options }: LogsProps) {
  const t = useTexts('settings');
  const language = useLanguage();
  const logs = useCall('app.logs', { service: chosen === 'all' ? null : chosen }, { keepPrevious: true });
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });
  return (
    <Section
      title={t('logs')}
      actions={
        <Row gap={2}>
          <Select label={t('logs.of')} hideLabel value={chosen} onChange={onChoose} options={options} />
          <IconButton label={t('logs.again')} icon={<RotateCw />} onPress={() => void logs.refetch()} />
        </Row>
      }
    >
      <Query result={logs}>
        {(lines) =>
          lines.length === 0 ? (
            <Text tone="quiet">{t('logs.none')}</Text>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus, so that the keyboard can scroll it.
            <section className={styles.log} aria-label={t('logs')} tabIndex={0}>
              {lines.map((line, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines of a log are added, and never move.
                <div key={place} className={styles.logLine}>
                  <span className={styles.logQuiet}>{clock.format(line.atMs)}</span>
                  <span className={styles.logQuiet}>{line.service}</span>
                  <span>{line.text}</span>
                </div>
              ))}
            </section>
          )
        }
      </Query>
    </Section>
  );
}
