/** The list of open requirements, those that can be met first, with the selected one beside it. */
import { Inbox, SearchX } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { useCall } from '../../api/client.ts';
import { useLanguage, useTexts } from '../../app/texts.ts';
import { requirementSentence, sentenceText } from '../../model/requirement-sentence.ts';
import {
  Amount,
  Badge,
  type DataColumn,
  DataTable,
  Due,
  EmptyState,
  ListHeader,
  ListPane,
  matches,
  Query,
  SplitView,
} from '../../ui/index.ts';
import { bestFit, type Fit, listed, type OpenRequirement, type RequirementFilter } from './matching.ts';
import { RequirementDetail } from './requirement-detail.tsx';
import styles from './requirement-list.module.css';

const filters = ['all', 'can-meet', 'offered'] as const satisfies readonly RequirementFilter[];
const tones = { fits: 'success', 'not-ready': 'accent', partly: 'warning', no: 'neutral' } as const satisfies Record<Fit, string>;

/** How well the user's data fits, as a badge. */
export function FitBadge({ fit }: { readonly fit: Fit }) {
  const t = useTexts('open-requirements');
  return <Badge tone={tones[fit]}>{t(`fit.${fit}`)}</Badge>;
}

/** The list and the detail. */
export function RequirementList({ selected }: { readonly selected: string | null }) {
  const t = useTexts('open-requirements');
  const language = useLanguage();
  const [, navigate] = useLocation();
  const open = useCall('requirement.open', {});
  const offers = useCall('offer.list', {});
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState<RequirementFilter>('all');
  const offered = new Set((offers.data ?? []).filter(({ side }) => side === 'owner').map(({ requestId }) => requestId));
  const sentence = ({ requirement: { document } }: OpenRequirement) =>
    document === null
      ? t('no-words')
      : sentenceText(
          requirementSentence(document, (key, values) => t(key, values ?? {}), language),
          language,
        );
  const entry = open.data?.find(({ requirement }) => requirement.requestId === selected);
  return (
    <SplitView
      detailLabel={t('detail')}
      onClose={() => navigate('/open-requirements')}
      detail={selected === null ? null : <RequirementDetail key={selected} requestId={selected} matches={entry?.matches ?? []} />}
      list={
        <ListPane
          header={
            <ListHeader
              title={t('title')}
              search={{ label: t('search'), value: search, onChange: setSearch }}
              filter={{
                label: t('filter'),
                value: filter,
                onChange: setFilter,
                options: filters.map((id) => ({ id, label: t(`filter.${id}`) })),
              }}
            />
          }
        >
          <Query result={open}>
            {(all) => (
              <RequirementTable
                entries={listed(all, filter, offered).filter((candidate) =>
                  matches(
                    search,
                    sentence(candidate),
                    candidate.requirement.requestId,
                    ...(candidate.requirement.document?.keywords ?? []),
                  ),
                )}
                sentence={sentence}
                offered={offered}
                selected={selected}
                empty={
                  all.length === 0 ? (
                    <EmptyState icon={<Inbox />} title={t('empty.title')} text={t('empty.text')} />
                  ) : (
                    <EmptyState icon={<SearchX />} title={t('none-found.title')} text={t('none-found.text')} />
                  )
                }
              />
            )}
          </Query>
        </ListPane>
      }
    />
  );
}

function RequirementTable({
  entries,
  sentence,
  offered,
  selected,
  empty,
}: {
  readonly entries: readonly OpenRequirement[];
  readonly sentence: (entry: OpenRequirement) => string;
  readonly offered: ReadonlySet<string>;
  readonly selected: string | null;
  readonly empty: ReactNode;
}) {
  const t = useTexts('open-requirements');
  const [, navigate] = useLocation();
  const columns: readonly DataColumn<OpenRequirement>[] = [
    {
      id: 'words',
      header: t('column.requirement'),
      width: '4fr',
      cell: (entry: OpenRequirement) => (
        <span className={styles.words} title={sentence(entry)}>
          {sentence(entry)}
        </span>
      ),
    },
    {
      id: 'fit',
      header: t('column.fit'),
      width: '9rem',
      cell: (entry: OpenRequirement) =>
        offered.has(entry.requirement.requestId) ? (
          <Badge tone="accent">{t('fit.offered')}</Badge>
        ) : (
          <FitBadge fit={bestFit(entry.matches)} />
        ),
    },
    {
      id: 'price',
      header: t('price'),
      width: '8rem',
      align: 'end',
      secondary: true,
      cell: (entry: OpenRequirement) => <Amount wei={entry.requirement.terms.price} />,
    },
    {
      id: 'deadline',
      header: t('deadline'),
      width: '8rem',
      secondary: true,
      cell: (entry: OpenRequirement) => <Due seconds={entry.requirement.terms.deadline} />,
    },
  ];
  return (
    <DataTable
      label={t('title')}
      columns={columns}
      rows={entries}
      rowKey={({ requirement }) => requirement.requestId}
      selected={selected}
      onOpen={({ requirement }) => navigate(`/open-requirements/${requirement.requestId}`)}
      empty={empty}
    />
  );
}
