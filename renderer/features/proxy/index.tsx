/** What the proxies of an own network keep: ciphertexts, uploads, headers and shares of grants, and how much room there is. */
import { HardDrive } from 'lucide-react';
import type { ProxyStorageView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import {
  Button,
  Bytes,
  Card,
  Copyable,
  Count,
  EmptyState,
  formatBytes,
  KeyValueList,
  Notice,
  Page,
  PageHeader,
  Query,
  Row,
  Stack,
  StateBadge,
  Text,
  Time,
} from '../../ui/index.ts';
import { useOwnNetwork, WhileRunning } from '../network/network-choice.tsx';
import { Disclosure } from '../requirements/disclosure.tsx';
import styles from './proxy.module.css';
import { isNearlyFull, storageShares } from './storage-shares.ts';

/** The screen. */
export default function ProxyStorage() {
  const t = useTexts('proxy');
  const { network, choice } = useOwnNetwork();
  return (
    <Page>
      <PageHeader title={t('title')} lead={t('lead')} actions={choice} />
      <WhileRunning network={network}>{(networkId) => <Proxies key={networkId} networkId={networkId} />}</WhileRunning>
    </Page>
  );
}

function Proxies({ networkId }: { readonly networkId: string }) {
  const t = useTexts('proxy');
  const proxies = useCall('ownNetwork.proxies', { networkId });
  return (
    <Stack gap={4}>
      <Row justify="end">
        <Button kind="quiet" size="small" busy={proxies.isFetching} onPress={() => void proxies.refetch()}>
          {t('lookAgain')}
        </Button>
      </Row>
      <Query result={proxies}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={<HardDrive />} title={t('emptyTitle')} text={t('emptyText')} />
          ) : (
            <Stack gap={4}>
              {all.map((storage) => (
                <Storage key={storage.index} storage={storage} />
              ))}
            </Stack>
          )
        }
      </Query>
    </Stack>
  );
}

function Storage({ storage }: { readonly storage: ProxyStorageView }) {
  const t = useTexts('proxy');
  const { index, reachable, ciphertexts, ciphertextBytes, uploads, uploadBytes, headers, grants } = storage;
  return (
    <Card title={t('proxy', { index })} actions={<StateBadge state={reachable ? 'reachable' : 'unreachable'} />}>
      <Stack gap={4}>
        {!reachable && (
          <Notice kind="warning" title={t('unreachableTitle')}>
            {t('unreachableText')}
          </Notice>
        )}
        {isNearlyFull(storage) && (
          <Notice kind="warning" title={t('fullTitle')}>
            {t('fullText')}
          </Notice>
        )}
        <Space storage={storage} />
        <KeyValueList
          columns={2}
          items={[
            {
              label: t('ciphertexts'),
              value: (
                <span>
                  <Count value={ciphertexts} /> · <Bytes value={ciphertextBytes} />
                </span>
              ),
              help: t('ciphertextsHelp'),
            },
            {
              label: t('uploads'),
              value: (
                <span>
                  <Count value={uploads} /> · <Bytes value={uploadBytes} />
                </span>
              ),
              help: t('uploadsHelp'),
            },
            { label: t('headers'), value: <Count value={headers} />, help: t('headersHelp') },
            { label: t('grants'), value: <Count value={grants.length} />, help: t('grantsHelp') },
          ]}
        />
        {grants.length > 0 && (
          <Disclosure title={t('grantsList', { count: grants.length })}>
            <ul className={styles.grants}>
              {grants.map(({ offerId, state, liveUntil }) => (
                <li key={offerId} className={styles.grant}>
                  <span>
                    {t('offer')} <Copyable text={offerId} label={t('offer')} />
                  </span>
                  <StateBadge state={state} />
                  {liveUntil !== null && (
                    <Text as="span" size="small" tone="quiet">
                      {t('liveUntil')} <Time seconds={liveUntil} />
                    </Text>
                  )}
                </li>
              ))}
            </ul>
          </Disclosure>
        )}
      </Stack>
    </Card>
  );
}

/** Used and free room as a bar, with its figures beside it. */
function Space({ storage }: { readonly storage: ProxyStorageView }) {
  const t = useTexts('proxy');
  const language = useLanguage();
  const shares = storageShares(storage);
  const figures = shares.map(({ part, bytes }) => t('share', { part: t(`part.${part}`), size: formatBytes(bytes, language) }));
  return (
    <Stack gap={2}>
      <div role="img" aria-label={figures.join(', ')} className={styles.bar}>
        {shares.map(({ part, share }) => (
          <span key={part} className={styles[part]} style={{ flexGrow: share }} />
        ))}
      </div>
      <ul className={styles.legend}>
        {shares.map(({ part }, position) => (
          <li key={part} className={styles.key}>
            <span className={styles[part]} aria-hidden />
            {figures[position]}
          </li>
        ))}
      </ul>
    </Stack>
  );
}
