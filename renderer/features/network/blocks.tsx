/** The newest blocks of an own network, and older ones on request. */
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { BlockView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import { Button, Copyable, Count, DataTable, Query, Row, Stack, Text, Time } from '../../ui/index.ts';
import styles from './network.module.css';

/** One page of blocks, with the way to the older and back to the newest. */
export function Blocks({ networkId }: { readonly networkId: string }) {
  const t = useTexts('network');
  const [, navigate] = useLocation();
  const [before, setBefore] = useState<number | null>(null);
  const blocks = useCall(
    'ownNetwork.blocks',
    { networkId, before },
    { keepPrevious: true, ...(before === null ? { everyMs: 3_000 } : {}) },
  );
  return (
    <Query result={blocks}>
      {(page) => {
        const oldest = page.at(-1)?.number ?? 0;
        return (
          <Stack gap={3}>
            <Text tone="quiet">{t('blocksLead')}</Text>
            <div className={styles.blocks}>
              <DataTable
                label={t('blocks')}
                density="compact"
                rows={page}
                rowKey={({ hash }) => hash}
                onOpen={({ number }) => navigate(`/network/${networkId}/blocks/${number}`)}
                empty={<Text tone="quiet">{t('noBlocks')}</Text>}
                columns={[
                  {
                    id: 'number',
                    header: t('blockNumber'),
                    width: '5rem',
                    align: 'end',
                    cell: ({ number }: BlockView) => <Count value={number} />,
                  },
                  { id: 'time', header: t('blockTime'), width: '1fr', cell: ({ atSeconds }: BlockView) => <Time seconds={atSeconds} /> },
                  {
                    id: 'transactions',
                    header: t('transactions'),
                    width: '7rem',
                    align: 'end',
                    cell: ({ transactions }: BlockView) => <Count value={transactions} />,
                  },
                  { id: 'gas', header: t('gas'), width: '6rem', align: 'end', cell: ({ gasUsed }: BlockView) => <Count value={gasUsed} /> },
                  {
                    id: 'hash',
                    header: t('hash'),
                    width: '1fr',
                    secondary: true,
                    cell: ({ hash }: BlockView) => <Copyable text={hash} label={t('hash')} />,
                  },
                ]}
              />
            </div>
            <Row gap={2}>
              <Button size="small" isDisabled={before === null} onPress={() => setBefore(null)}>
                {t('newest')}
              </Button>
              <Button size="small" isDisabled={oldest === 0} busy={blocks.isFetching && before !== null} onPress={() => setBefore(oldest)}>
                {t('older')}
              </Button>
            </Row>
          </Stack>
        );
      }}
    </Query>
  );
}
