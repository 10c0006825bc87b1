/** Applications to a network of one's own: the only place that shows who a person is. Approve, refuse, revoke. */
import { UserCheck } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { ApplicationView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import { Count, DataTable, EmptyState, ListHeader, ListPane, matches, Query, SplitView, StateBadge, Time } from '../../ui/index.ts';
import { useOwnNetwork, WhileRunning } from '../network/network-choice.tsx';
import { ApplicationDetail } from './application-detail.tsx';
import { Roles } from './roles.tsx';

const stateOrder: Record<ApplicationView['state'], number> = { pending: 0, approved: 1, refused: 2, revoked: 3 };
const filters = ['all', 'pending', 'approved', 'refused', 'revoked'] as const;

/** The screen. */
export default function Pkg() {
  const t = useTexts('pkg');
  const { network, choice } = useOwnNetwork();
  const runs = network?.state === 'running' || network?.state === 'partly-running';
  const applications = useCall('ownNetwork.applications', { networkId: network?.id ?? '' }, { enabled: runs });
  const [selected, setSelected] = useState<string | null>(null);
  const open = runs ? (applications.data?.find(({ applicationId }) => applicationId === selected) ?? null) : null;
  return (
    <SplitView
      detailLabel={open?.name ?? t('application')}
      onClose={() => setSelected(null)}
      detail={
        open === null || network === null ? null : (
          <ApplicationDetail key={open.applicationId} networkId={network.id} application={open} onClose={() => setSelected(null)} />
        )
      }
      list={
        <WhileRunning network={network}>
          {() => (
            <Query result={applications}>
              {(all) => <Applications all={all} selected={selected} onOpen={setSelected} choice={choice} />}
            </Query>
          )}
        </WhileRunning>
      }
    />
  );
}

function Applications({
  all,
  selected,
  onOpen,
  choice,
}: {
  readonly all: readonly ApplicationView[];
  readonly selected: string | null;
  readonly onOpen: (applicationId: string) => void;
  readonly choice: ReactNode;
}) {
  const t = useTexts('pkg');
  const [query, setQuery] = useState('');
  const [filter, setFilter] = useState<(typeof filters)[number]>('all');
  const found = all
    .filter(({ state }) => filter === 'all' || state === filter)
    .filter(({ name, contact, applicationId }) => matches(query, name, contact, applicationId))
    .toSorted((left, right) => stateOrder[left.state] - stateOrder[right.state] || right.submittedAtMs - left.submittedAtMs);
  return (
    <ListPane
      header={
        <ListHeader
          title={t('title')}
          lead={t('lead')}
          action={choice}
          search={{ label: t('search'), value: query, onChange: setQuery }}
          filter={{
            label: t('filter'),
            value: filter,
            onChange: setFilter,
            options: filters.map((id) => ({ id, label: t(`filter.${id}`) })),
          }}
        />
      }
    >
      {all.length === 0 ? (
        <EmptyState icon={<UserCheck />} title={t('emptyTitle')} text={t('emptyText')} />
      ) : (
        <DataTable
          label={t('title')}
          rows={found}
          rowKey={({ applicationId }) => applicationId}
          selected={selected}
          onOpen={({ applicationId }) => onOpen(applicationId)}
          empty={<EmptyState icon={<UserCheck />} title={t('noMatchTitle')} text={t('noMatchText')} />}
          columns={[
            { id: 'name', header: t('name'), width: '2fr', cell: ({ name }: ApplicationView) => name },
            { id: 'contact', header: t('contact'), width: '2fr', secondary: true, cell: ({ contact }: ApplicationView) => contact },
            {
              id: 'roles',
              header: t('roles'),
              width: '2fr',
              secondary: true,
              cell: ({ roles }: ApplicationView) => <Roles roles={roles} />,
            },
            {
              id: 'pseudonyms',
              header: t('pseudonyms'),
              width: '7rem',
              align: 'end',
              secondary: true,
              cell: ({ pseudonyms }: ApplicationView) => <Count value={pseudonyms} />,
            },
            {
              id: 'submitted',
              header: t('submitted'),
              width: '9rem',
              secondary: true,
              cell: ({ submittedAtMs }: ApplicationView) => <Time ms={submittedAtMs} relative />,
            },
            { id: 'state', header: t('state'), width: '10rem', cell: ({ state }: ApplicationView) => <StateBadge state={state} /> },
          ]}
        />
      )}
    </ListPane>
  );
}
