/** What was bought and received: the list of files, and one of them as a table, a chart and checks against the chain. */
import { PackageOpen } from 'lucide-react';
import { useState } from 'react';
import { useLocation, useRoute } from 'wouter';
import type { ReceivedView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import {
  Bytes,
  Count,
  DataTable,
  EmptyState,
  LinkButton,
  ListHeader,
  ListPane,
  matches,
  PersonName,
  Query,
  SplitView,
} from '../../ui/index.ts';
import { PaymentBadge } from './payment-badge.tsx';
import { ReceivedDetail } from './received-detail.tsx';

/** The screens under /received. */
export default function Received() {
  const t = useTexts('received');
  const [, navigate] = useLocation();
  const [, params] = useRoute('/received/:offerId');
  const offerId = params?.offerId ?? null;
  const received = useCall('received.list', {});
  const selected = received.data?.find((one) => one.offerId === offerId) ?? null;
  const close = () => navigate('/received');
  return (
    <SplitView
      list={<Query result={received}>{(all) => <ReceivedList all={all} selected={offerId} />}</Query>}
      detail={selected === null ? null : <ReceivedDetail key={selected.offerId} received={selected} onClose={close} />}
      detailLabel={selected?.fileName ?? t('title')}
      onClose={close}
    />
  );
}

function ReceivedList({ all, selected }: { readonly all: readonly ReceivedView[]; readonly selected: string | null }) {
  const t = useTexts('received');
  const [, navigate] = useLocation();
  const [query, setQuery] = useState('');
  const people = useCall('person.list', {});
  const ownerName = (address: string) => people.data?.find((person) => person.address === address)?.name ?? '';
  const found = all.filter((one) =>
    matches(query, one.fileName, one.owner, ownerName(one.owner), one.datasetId, ...one.columns.map(({ name }) => name)),
  );
  return (
    <ListPane header={<ListHeader title={t('title')} search={{ label: t('search'), value: query, onChange: setQuery }} />}>
      {all.length === 0 ? (
        <EmptyState
          icon={<PackageOpen />}
          title={t('emptyTitle')}
          text={t('emptyText')}
          action={<LinkButton to="/requirements">{t('toRequirements')}</LinkButton>}
        />
      ) : (
        <DataTable
          label={t('title')}
          rows={found}
          rowKey={({ offerId }) => offerId}
          selected={selected}
          onOpen={({ offerId }) => navigate(`/received/${offerId}`)}
          empty={<EmptyState icon={<PackageOpen />} title={t('noMatchTitle')} text={t('noMatchText')} />}
          columns={[
            { id: 'file', header: t('file'), width: '2fr', cell: ({ fileName }: ReceivedView) => fileName },
            {
              id: 'owner',
              header: t('owner'),
              width: '2fr',
              secondary: true,
              cell: ({ owner }: ReceivedView) => <PersonName address={owner} plain />,
            },
            {
              id: 'rows',
              header: t('rows'),
              width: '7rem',
              align: 'end',
              secondary: true,
              cell: ({ rows }: ReceivedView) => <Count value={rows} />,
            },
            {
              id: 'bytes',
              header: t('size'),
              width: '7rem',
              align: 'end',
              secondary: true,
              cell: ({ fileBytes }: ReceivedView) => <Bytes value={fileBytes} />,
            },
            { id: 'state', header: t('payment'), width: '9rem', cell: ({ state }: ReceivedView) => <PaymentBadge state={state} /> },
          ]}
        />
      )}
    </ListPane>
  );
}
