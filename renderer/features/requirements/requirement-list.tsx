/** The consumer's requirements: what is asked, how far it is, what is in escrow, and until when. */
import { FileSearch, Plus } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { RequirementView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import {
  Amount,
  Count,
  DataTable,
  Due,
  EmptyState,
  LinkButton,
  ListHeader,
  ListPane,
  matches,
  Query,
  StateBadge,
  Time,
} from '../../ui/index.ts';
import { useRequirementText } from './requirement-words.tsx';
import styles from './requirements.module.css';

const order: Record<RequirementView['state'], number> = { drafted: 0, proved: 0, open: 1, closed: 2 };

function isDraft(state: RequirementView['state']): boolean {
  return state === 'drafted' || state === 'proved';
}

/** The list, with search. */
export function RequirementList({ selected }: { readonly selected: string | null }) {
  const t = useTexts('requirements');
  const [, navigate] = useLocation();
  const [query, setQuery] = useState('');
  const words = useRequirementText();
  const requirements = useCall('requirement.mine', {});
  const create = (
    <LinkButton to="/requirements/new" kind="primary" icon={<Plus />}>
      {t('new')}
    </LinkButton>
  );
  return (
    <ListPane header={<ListHeader title={t('title')} action={create} search={{ label: t('search'), value: query, onChange: setQuery }} />}>
      <Query result={requirements}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={<FileSearch />} title={t('emptyTitle')} text={t('emptyText')} action={create} />
          ) : (
            <DataTable
              label={t('title')}
              rows={all
                .filter(({ document, requestId }) => matches(query, words(document), requestId))
                .toSorted((left, right) => order[left.state] - order[right.state] || right.terms.deadline - left.terms.deadline)}
              rowKey={({ requestId }) => requestId}
              selected={selected}
              onOpen={({ requestId }) => navigate(`/requirements/${requestId}`)}
              empty={<EmptyState icon={<FileSearch />} title={t('noMatchTitle')} text={t('noMatchText')} />}
              columns={[
                {
                  id: 'words',
                  header: t('columnWords'),
                  width: '3fr',
                  cell: ({ document }) => <span className={styles.ellipsis}>{words(document)}</span>,
                },
                { id: 'state', header: t('columnState'), width: '8rem', cell: ({ state }) => <StateBadge state={state} /> },
                {
                  id: 'offers',
                  header: t('columnOffers'),
                  width: '5rem',
                  align: 'end',
                  secondary: true,
                  cell: ({ offers }: RequirementView) => <Count value={offers} />,
                },
                {
                  id: 'escrow',
                  header: t('columnEscrow'),
                  width: '8rem',
                  align: 'end',
                  secondary: true,
                  cell: ({ escrow, state }: RequirementView) => (isDraft(state) ? '–' : <Amount wei={escrow} />),
                },
                {
                  id: 'deadline',
                  header: t('columnDeadline'),
                  width: '9rem',
                  secondary: true,
                  cell: ({ state, terms }: RequirementView) =>
                    state === 'closed' ? <Time seconds={terms.deadline} /> : <Due seconds={terms.deadline} />,
                },
              ]}
            />
          )
        }
      </Query>
    </ListPane>
  );
}
