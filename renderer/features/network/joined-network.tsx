/** The network of the active profile as it can be reached from here. */
import type { NetworkStatusView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { localDuration } from '../../model/figures.ts';
import { Badge, Button, Copyable, Count, KeyValueList, Notice, Query, Row, Section, Stack, StateBadge, Time } from '../../ui/index.ts';
import { Disclosure } from '../requirements/disclosure.tsx';
import { type NetworkProblem, networkProblems } from './network-health.ts';
import { Ordering } from './ordering.tsx';

/** The status, with what is wrong and what that means. */
export function JoinedNetwork({ isOwn }: { readonly isOwn: boolean }) {
  const t = useTexts('network');
  const status = useCall('network.status', {});
  return (
    <Query result={status}>
      {(network) => (
        <Stack gap={6}>
          <Row gap={3} wrap>
            <StateBadge state={network.online ? 'online' : 'offline'} />
            {network.development && <Badge tone="warning">{t('development')}</Badge>}
            <Button kind="quiet" size="small" busy={status.isFetching} onPress={() => void status.refetch()}>
              {t('lookAgain')}
            </Button>
          </Row>
          {networkProblems(network).map((problem) => (
            <Problem key={problem} problem={problem} status={network} />
          ))}
          {network.development && <Notice kind="info">{t('developmentText')}</Notice>}
          <Status network={network} />
          <Proxies network={network} />
          {isOwn && <Ordering />}
          <Contracts contracts={network.contracts} />
        </Stack>
      )}
    </Query>
  );
}

function Problem({ problem, status }: { readonly problem: NetworkProblem; readonly status: NetworkStatusView }) {
  const t = useTexts('network');
  const language = useLanguage();
  const reachable = status.proxies.filter((proxy) => proxy.reachable).length;
  return (
    <Notice kind={problem === 'someProxies' ? 'info' : 'warning'} title={t(`problem.${problem}`)}>
      {t(`problem.${problem}.text`, {
        reachable,
        threshold: status.threshold,
        proxies: status.proxies.length,
        difference: localDuration(Math.abs(status.clockAheadSeconds ?? 0) * 1000, language),
      })}
    </Notice>
  );
}

function Status({ network }: { readonly network: NetworkStatusView }) {
  const t = useTexts('network');
  return (
    <Section title={network.name}>
      <KeyValueList
        items={[
          {
            label: t('block'),
            value: network.blockNumber === null ? t('unknown') : <Count value={network.blockNumber} />,
            help: t('blockHelp'),
          },
          { label: t('blockTime'), value: network.blockSeconds === null ? t('unknown') : <Time seconds={network.blockSeconds} relative /> },
          { label: t('pkg'), value: <StateBadge state={network.pkg} />, help: t('pkgHelp') },
          { label: t('chainId'), value: String(network.chainId) },
        ]}
      />
    </Section>
  );
}

function Proxies({ network: { proxies, threshold } }: { readonly network: NetworkStatusView }) {
  const t = useTexts('network');
  return (
    <Section title={t('proxies')} lead={t('proxiesLead', { threshold, count: proxies.length })}>
      <KeyValueList
        items={proxies.map(({ index, url, reachable }) => ({
          label: t('proxy', { index }),
          value: (
            <Row gap={3} wrap>
              <StateBadge state={reachable ? 'reachable' : 'unreachable'} />
              <span>{url}</span>
            </Row>
          ),
        }))}
      />
    </Section>
  );
}

function Contracts({ contracts }: { readonly contracts: NetworkStatusView['contracts'] }) {
  const t = useTexts('network');
  return (
    <Disclosure title={t('contracts')}>
      <Stack gap={3}>
        <p>{t('contractsText')}</p>
        <KeyValueList
          items={Object.entries(contracts).map(([name, address]) => ({ label: name, value: <Copyable text={address} label={name} /> }))}
        />
      </Stack>
    </Disclosure>
  );
}
