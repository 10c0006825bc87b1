/** A network that this installation made: its services, its blocks, the file for who joins, coins, and what its services say. */
import { FileDown, Play, RotateCw, Square } from 'lucide-react';
import { useState } from 'react';
import type { ResponseOf } from '../../../electron/ipc-contract.ts';
import type { OwnNetworkView, ServiceView } from '../../../electron/views.ts';
import { useAction, useCall, useTask } from '../../api/client.ts';
import { hasText, useTexts } from '../../app/texts.ts';
import {
  Badge,
  Button,
  ConfirmDialog,
  ErrorPanel,
  Query,
  Row,
  Section,
  Stack,
  StateBadge,
  TaskProgress,
  Text,
  Time,
  toast,
} from '../../ui/index.ts';
import { Disclosure } from '../requirements/disclosure.tsx';
import { Blocks } from './blocks.tsx';
import { Funding } from './funding.tsx';
import styles from './network.module.css';
import { OneProposer } from './one-proposer.tsx';

/** One own network. */
export function OwnNetwork({ network }: { readonly network: OwnNetworkView }) {
  const t = useTexts('network');
  const runs = network.state === 'running' || network.state === 'partly-running';
  return (
    <Stack gap={8}>
      <Power network={network} />
      <Services networkId={network.id} />
      <Section title={t('blocks')} lead={t('blocksLead')}>
        <Stack gap={4}>
          <OneProposer />
          {runs ? <Blocks networkId={network.id} /> : <Text tone="quiet">{t('blocksStopped')}</Text>}
        </Stack>
      </Section>
      <Section title={t('fund')} lead={t('fundLead')}>
        {runs ? <Funding networkId={network.id} /> : <Text tone="quiet">{t('fundStopped')}</Text>}
      </Section>
      <Logs networkId={network.id} />
    </Stack>
  );
}

function Power({ network: { id: networkId, state, development, proxies, threshold } }: { readonly network: OwnNetworkView }) {
  const t = useTexts('network');
  const starting = useTask('ownNetwork.start');
  const stopping = useTask('ownNetwork.stop');
  const saving = useAction('ownNetwork.saveFile');
  const [isAsking, setAsking] = useState(false);
  const busy = starting.running || stopping.running;
  const save = async () => {
    const { path } = await saving.run({ networkId });
    if (path !== null) toast({ kind: 'success', text: t('fileSaved', { path }) });
  };
  return (
    <Stack gap={4}>
      <Row gap={3} wrap>
        <StateBadge state={state} />
        {development && <Badge tone="warning">{t('development')}</Badge>}
        <Text as="span" tone="quiet" size="small">
          {t('needs', { threshold, count: proxies })}
        </Text>
      </Row>
      <Row gap={2} wrap>
        {state !== 'running' && (
          <Button
            kind="primary"
            icon={<Play />}
            busy={starting.running || state === 'starting'}
            isDisabled={busy}
            onPress={() => starting.start({ networkId })}
          >
            {t('start')}
          </Button>
        )}
        {state !== 'stopped' && (
          <Button icon={<Square />} busy={stopping.running} isDisabled={busy} onPress={() => setAsking(true)}>
            {t('stop')}
          </Button>
        )}
        <Button
          icon={<FileDown />}
          busy={saving.running}
          onPress={() => {
            save().catch(() => undefined); // the action holds the error, and the panel below shows it
          }}
        >
          {t('saveFile')}
        </Button>
        <Text as="span" tone="quiet" size="small">
          {t('saveFileHelp')}
        </Text>
      </Row>
      <TaskProgress task={starting} />
      <TaskProgress task={stopping} />
      <ErrorPanel error={saving.error} compact />
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={t('stopTitle')}
        confirmLabel={t('stop')}
        onConfirm={() => stopping.start({ networkId })}
      >
        {t('stopText')}
      </ConfirmDialog>
    </Stack>
  );
}

function Services({ networkId }: { readonly networkId: string }) {
  const t = useTexts('network');
  const services = useCall('app.services', {});
  return (
    <Section title={t('services')} lead={t('servicesLead')}>
      <Query result={services}>
        {(all) => {
          const own = all.filter(({ belongsTo }) => belongsTo === networkId);
          if (own.length === 0) return <Text tone="quiet">{t('noServices')}</Text>;
          return (
            <ul className={styles.services} aria-label={t('services')}>
              {own.map((service) => (
                <Service key={service.id} service={service} />
              ))}
            </ul>
          );
        }}
      </Query>
    </Section>
  );
}

function Service({ service: { id, kind, state, restarts, error } }: { readonly service: ServiceView }) {
  const t = useTexts('network');
  const restarting = useAction('app.restartService');
  return (
    <li className={styles.service}>
      <div className={styles.serviceLine}>
        <span className={styles.serviceName}>
          {hasText('network', `service.${kind}`) ? t(`service.${kind}`) : kind} <span className={styles.serviceId}>{id}</span>
        </span>
        {restarts > 0 && (
          <Text as="span" size="small" tone="quiet">
            {t('restarts', { count: restarts })}
          </Text>
        )}
        <StateBadge state={state} />
        {(state === 'failing' || state === 'running') && (
          <Button size="small" kind="quiet" icon={<RotateCw />} busy={restarting.running} onPress={() => restarting.start({ id })}>
            {t('restart')}
          </Button>
        )}
      </div>
      <Text size="small" tone="quiet">
        {hasText('network', `service.${kind}.does`) ? t(`service.${kind}.does`) : ''}
      </Text>
      <ErrorPanel error={error ?? restarting.error} compact />
    </li>
  );
}

/** What the services of the network wrote, the newest last. */
function Logs({ networkId }: { readonly networkId: string }) {
  const t = useTexts('network');
  const services = useCall('app.services', {});
  const logs = useCall('app.logs', { service: null });
  const own = new Set(services.data?.filter(({ belongsTo }) => belongsTo === networkId).map(({ id }) => id));
  return (
    <Disclosure title={t('logs')}>
      <Stack gap={3}>
        <Row gap={3}>
          <Text as="span" size="small" tone="quiet">
            {t('logsText')}
          </Text>
          <Button size="small" kind="quiet" busy={logs.isFetching} onPress={() => void logs.refetch()}>
            {t('lookAgain')}
          </Button>
        </Row>
        <Query result={logs}>{(lines) => <Lines lines={lines.filter(({ service }) => own.has(service)).slice(-200)} />}</Query>
      </Stack>
    </Disclosure>
  );
}

function Lines({ lines }: { readonly lines: ResponseOf<'app.logs'> }) {
  const t = useTexts('network');
  if (lines.length === 0) return <Text tone="quiet">{t('noLogs')}</Text>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className={styles.log} aria-label={t('logs')} tabIndex={0}>
      {lines.map((line) => (
        <div key={`${line.atMs}-${line.service}-${line.text}`} className={styles.logLine}>
          <Time ms={line.atMs} /> <span className={styles.logService}>{line.service}</span> {line.text}
        </div>
      ))}
    </section>
  );
}
