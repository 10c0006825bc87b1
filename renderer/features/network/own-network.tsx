/** A network that this installation made: its validators, blocks, pace and services, the file for who joins, and coins. */
import { FileDown, Network, Play, RotateCw, Square } from 'lucide-react';
import { useState } from 'react';
import { useLocation, useRoute } from 'wouter';
import type { OwnNetworkView, ServiceView } from '../../../electron/views.ts';
import { useAction, useCall, useTask } from '../../api/client.ts';
import { hasText, useTexts } from '../../app/texts.ts';
import {
  Badge,
  Button,
  ConfirmDialog,
  EmptyState,
  ErrorPanel,
  Query,
  Row,
  Section,
  Stack,
  StateBadge,
  Tabs,
  TaskProgress,
  Text,
  toast,
} from '../../ui/index.ts';
import { BlockPage } from './block.tsx';
import { Blocks } from './blocks.tsx';
import { Funding } from './funding.tsx';
import { Logs } from './logs.tsx';
import styles from './network.module.css';
import { Pace } from './pace.tsx';
import { Validators } from './validators.tsx';

/** One own network: how it stands, and views of its parts. */
export function OwnNetwork({ network }: { readonly network: OwnNetworkView }) {
  const t = useTexts('network');
  const [, navigate] = useLocation();
  const [, place] = useRoute<{ tab: string; view?: string; block?: string }>('/network/:tab/:view?/:block?');
  const { id: networkId, state } = network;
  const isStopped = state === 'stopped';
  const stopped = (text: string) => <EmptyState icon={<Network />} title={t('stoppedTitle', { name: network.name })} text={text} />;
  const block = Number(place?.view === 'blocks' && /^\d{1,15}$/.test(place.block ?? '') ? place.block : Number.NaN);
  const blocks = Number.isNaN(block) ? <Blocks networkId={networkId} /> : <BlockPage networkId={networkId} number={block} />;
  const views = [
    {
      id: 'overview',
      label: t('overview'),
      content: (
        <Stack gap={8}>
          {isStopped ? stopped(t('validatorsStopped')) : <Validators network={network} />}
          <Section title={t('fund')} lead={t('fundLead')}>
            {isStopped ? <Text tone="quiet">{t('fundStopped')}</Text> : <Funding networkId={networkId} />}
          </Section>
        </Stack>
      ),
    },
    {
      id: 'blocks',
      label: t('blocks'),
      content: isStopped ? stopped(t('blocksStopped')) : blocks,
    },
    { id: 'pace', label: t('pace'), content: isStopped ? stopped(t('paceStopped')) : <Pace networkId={networkId} /> },
    {
      id: 'services',
      label: t('services'),
      content: (
        <Stack gap={8}>
          <Services networkId={networkId} />
          <Logs networkId={networkId} />
        </Stack>
      ),
    },
  ];
  return (
    <Stack gap={6}>
      <Power network={network} />
      <Tabs
        label={t('views', { name: network.name })}
        selected={views.find(({ id }) => id === place?.view)?.id ?? 'overview'}
        onSelect={(view) => navigate(`/network/${networkId}/${view}`)}
        tabs={views}
      />
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
