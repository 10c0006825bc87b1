/** What the services of an own network wrote, the newest last; and a copy of it to pass on. */
import { FileDown } from 'lucide-react';
import { useState } from 'react';
import type { ResponseOf } from '../../../electron/ipc-contract.ts';
import { useAction, useCall } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import { Button, ErrorPanel, Query, Row, Section, Select, Stack, Text, Time, toast } from '../../ui/index.ts';
import styles from './network.module.css';

/** Lines that are shown: the last ones. */
const linesMax = 500;

/** The section. */
export function Logs({ networkId }: { readonly networkId: string }) {
  const t = useTexts('network');
  const [chosen, setChosen] = useState('all');
  const services = useCall('app.services', {});
  const logs = useCall('app.logs', { service: null }, { everyMs: 5_000 });
  const saving = useAction('ownNetwork.saveLogs');
  // What a service wrote stays to be read when it has been stopped.
  const ids = [...new Set([...(services.data ?? []).map(({ id }) => id), ...(logs.data ?? []).map(({ service }) => service)])]
    .filter((id) => id.includes(networkId))
    .toSorted();
  const save = async () => {
    const { path } = await saving.run({ networkId });
    if (path !== null) toast({ kind: 'success', text: t('fileSaved', { path }) });
  };
  return (
    <Section
      title={t('logs')}
      lead={t('logsText', { count: linesMax })}
      actions={
        <Row gap={2} wrap>
          <Select
            label={t('logsOf')}
            hideLabel
            value={ids.includes(chosen) ? chosen : 'all'}
            onChange={setChosen}
            options={[{ id: 'all', label: t('logsOfAll') }, ...ids.map((id) => ({ id, label: id }))]}
          />
          <Button
            icon={<FileDown />}
            busy={saving.running}
            onPress={() => {
              save().catch(() => undefined); // the action holds the error, and the panel below shows it
            }}
          >
            {t('saveLogs')}
          </Button>
        </Row>
      }
    >
      <Stack gap={3}>
        <Text size="small" tone="quiet">
          {t('saveLogsHelp')}
        </Text>
        <ErrorPanel error={saving.error} compact />
        <Query result={logs}>
          {(lines) => (
            <Lines
              lines={lines.filter(({ service }) => (chosen === 'all' ? ids.includes(service) : service === chosen)).slice(-linesMax)}
            />
          )}
        </Query>
      </Stack>
    </Section>
  );
}

function Lines({ lines }: { readonly lines: ResponseOf<'app.logs'> }) {
  const t = useTexts('network');
  if (lines.length === 0) return <Text tone="quiet">{t('noLogs')}</Text>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className={styles.log} aria-label={t('logLines')} tabIndex={0}>
      {lines.map((line, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of a log are added, and never move.
        <div key={place} className={styles.logLine}>
          <Time ms={line.atMs} /> <span className={styles.logService}>{line.service}</span> {line.text}
        </div>
      ))}
    </section>
  );
}
