/** The list of the owner's offers, those that wait for the user first. */
import { KeyRound, SearchX } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import type { OfferView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import {
  Amount,
  Badge,
  type DataColumn,
  DataTable,
  Due,
  EmptyState,
  LinkButton,
  ListHeader,
  ListPane,
  matches,
  PersonName,
  Query,
  SplitView,
  StateBadge,
} from '../../ui/index.ts';
import { GrantDetail } from './grant-detail.tsx';
import styles from './grant-list.module.css';
import { isMyTurn, isOver, listedOffers, type OfferFilter } from './offer-turn.ts';

const filters = ['all', 'my-turn', 'running', 'ended'] as const satisfies readonly OfferFilter[];

/** The list and the detail. */
export function GrantList({ selected }: { readonly selected: string | null }) {
  const t = useTexts('grants');
  const [, navigate] = useLocation();
  const offers = useCall('offer.list', {});
  const people = useCall('person.list', {});
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState<OfferFilter>('all');
  const nameOf = (address: string) => people.data?.find((person) => person.address === address)?.name ?? '';
  return (
    <SplitView
      detailLabel={t('detail')}
      onClose={() => navigate('/grants')}
      detail={selected === null ? null : <GrantDetail key={selected} offerId={selected} />}
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
          <Query result={offers}>
            {(all) => (
              <OfferTable
                offers={listedOffers(all, filter).filter((offer) =>
                  matches(
                    search,
                    offer.datasetName ?? '',
                    offer.consumer,
                    nameOf(offer.consumer),
                    offer.offerId,
                    ...(offer.document?.columns ?? []).map(({ name }) => name),
                  ),
                )}
                selected={selected}
                empty={
                  all.some(({ side }) => side === 'owner') ? (
                    <EmptyState icon={<SearchX />} title={t('none-found.title')} text={t('none-found.text')} />
                  ) : (
                    <EmptyState
                      icon={<KeyRound />}
                      title={t('empty.title')}
                      text={t('empty.text')}
                      action={
                        <LinkButton to="/open-requirements" kind="primary">
                          {t('empty.action')}
                        </LinkButton>
                      }
                    />
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

function OfferTable({
  offers,
  selected,
  empty,
}: {
  readonly offers: readonly OfferView[];
  readonly selected: string | null;
  readonly empty: ReactNode;
}) {
  const t = useTexts('grants');
  const [, navigate] = useLocation();
  const columns: readonly DataColumn<OfferView>[] = [
    {
      id: 'dataset',
      header: t('column.dataset'),
      width: '2fr',
      cell: (offer: OfferView) => (
        <span className={styles.name}>
          <strong>{offer.datasetName ?? t('unnamed')}</strong>
          <PersonName address={offer.consumer} />
        </span>
      ),
    },
    {
      id: 'state',
      header: t('column.state'),
      width: '9rem',
      cell: (offer: OfferView) => <StateBadge state={offer.chainState} />,
    },
    {
      id: 'turn',
      header: t('column.turn'),
      width: '2fr',
      secondary: true,
      cell: (offer: OfferView) =>
        isMyTurn(offer) ? (
          <Badge tone="warning">{t('waits.me')}</Badge>
        ) : (
          <span className={styles.quiet}>{t(`waits.${offer.waitsFor}`)}</span>
        ),
    },
    {
      id: 'due',
      header: t('column.due'),
      width: '8rem',
      secondary: true,
      cell: (offer: OfferView) =>
        offer.dueAt === null || isOver(offer) ? <span className={styles.quiet}>—</span> : <Due seconds={offer.dueAt} />,
    },
    {
      id: 'price',
      header: t('money.price'),
      width: '8rem',
      align: 'end',
      secondary: true,
      cell: (offer: OfferView) => <Amount wei={offer.price} />,
    },
  ];
  return (
    <DataTable
      label={t('title')}
      columns={columns}
      rows={offers}
      rowKey={({ offerId }) => offerId}
      selected={selected}
      onOpen={({ offerId }) => navigate(`/grants/${offerId}`)}
      empty={empty}
    />
  );
}
