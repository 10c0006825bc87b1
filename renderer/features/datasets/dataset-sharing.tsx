/** With whom a dataset is shared: the offers that were made of it. */
import { Handshake } from 'lucide-react';
import { useLocation } from 'wouter';
import type { DatasetView, OfferView } from '../../../electron/views.ts';
import { useCall } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import { Amount, DataTable, EmptyState, LinkButton, PersonName, Query, StateBadge } from '../../ui/index.ts';
import styles from './dataset-data.module.css';

/** The tab. */
export function DatasetSharing({ dataset }: { readonly dataset: DatasetView }) {
  const t = useTexts('datasets');
  const [, navigate] = useLocation();
  const offers = useCall('offer.list', {});
  return (
    <Query result={offers}>
      {(all) => {
        const own = all.filter(({ datasetId, side }) => side === 'owner' && datasetId === dataset.datasetId);
        if (own.length === 0) {
          return (
            <EmptyState
              icon={<Handshake />}
              title={t('sharing.none')}
              text={t(dataset.state === 'ready' ? 'sharing.none-ready' : 'sharing.none-yet')}
              action={
                <LinkButton to="/open-requirements" kind="secondary">
                  {t('action.offer')}
                </LinkButton>
              }
            />
          );
        }
        return (
          <div className={styles.table}>
            <DataTable
              label={t('tab.sharing')}
              columns={[
                {
                  id: 'with',
                  header: t('sharing.with'),
                  width: '2fr',
                  cell: (offer: OfferView) => <PersonName address={offer.consumer} />,
                },
                { id: 'state', header: t('state'), width: '9rem', cell: (offer) => <StateBadge state={offer.chainState} /> },
                { id: 'rows', header: t('rows'), width: '7rem', align: 'end', cell: (offer) => offer.provedRows },
                { id: 'price', header: t('sharing.price'), width: '8rem', align: 'end', cell: (offer) => <Amount wei={offer.price} /> },
              ]}
              rows={own}
              rowKey={({ offerId }) => offerId}
              onOpen={({ offerId }) => navigate(`/grants/${offerId}`)}
            />
          </div>
        );
      }}
    </Query>
  );
}
