/** Everything that the chain recorded about this profile: searchable, with the receipt of each step, to be taken along as a file. */
import { Banknote, Database, FileDown, FileSearch, Handshake, History, IdCard, ListChecks } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { ActivityView } from '../../../electron/views.ts';
import { useCall, useTask } from '../../api/client.ts';
import { hasText, useLanguage, useTexts } from '../../app/texts.ts';
import { localInteger } from '../../model/figures.ts';
import {
  Amount,
  Button,
  Copyable,
  Count,
  EmptyState,
  KeyValueList,
  matches,
  Page,
  PageHeader,
  PersonName,
  Query,
  Row,
  SearchField,
  Select,
  Stack,
  TaskProgress,
  Text,
  Time,
  Timeline,
  toast,
} from '../../ui/index.ts';
import { Disclosure } from '../requirements/disclosure.tsx';
import styles from './activity.module.css';
import {
  type ActivityEntry,
  type ActivityKind,
  accountIn,
  activityEntries,
  activityKinds,
  activityText,
  timeFields,
  weiFields,
} from './activity-entries.ts';

const icons: Record<ActivityKind, ReactNode> = {
  requirement: <FileSearch />,
  offer: <ListChecks />,
  trade: <Handshake />,
  data: <Database />,
  money: <Banknote />,
  identity: <IdCard />,
};
/** Entries drawn at a time; the rest on request. */
const PAGE = 100;

/** The screen. */
export default function Activity() {
  const t = useTexts('activity');
  const activity = useCall('activity.list', {});
  const exporting = useTask('activity.export');
  const save = async () => {
    const { path } = await exporting.run({});
    if (path !== null) toast({ kind: 'success', text: t('exported', { path }) });
  };
  return (
    <Page>
      <PageHeader
        title={t('title')}
        lead={t('lead')}
        actions={
          <Button
            kind="secondary"
            icon={<FileDown />}
            busy={exporting.running}
            isDisabled={(activity.data?.length ?? 0) === 0}
            onPress={() => {
              save().catch(() => undefined); // the task holds the error, and TaskProgress shows it
            }}
          >
            {t('export')}
          </Button>
        }
      />
      <Stack gap={5}>
        <TaskProgress task={exporting} />
        <Query result={activity}>
          {(events) =>
            events.length === 0 ? (
              <EmptyState icon={<History />} title={t('emptyTitle')} text={t('emptyText')} />
            ) : (
              <Entries entries={activityEntries(events)} />
            )
          }
        </Query>
      </Stack>
    </Page>
  );
}

function Entries({ entries }: { readonly entries: readonly ActivityEntry[] }) {
  const t = useTexts('activity');
  const title = useEventTitle();
  const people = useCall('person.list', {});
  const [query, setQuery] = useState('');
  const [kind, setKind] = useState<ActivityKind | 'all'>('all');
  const [shown, setShown] = useState(PAGE);
  const names = new Map(people.data?.map((person) => [person.address, person.name ?? '']));
  const textOf = (entry: ActivityEntry) =>
    activityText(entry, [title(entry), ...Object.values(entry.newest.fields).map((field) => names.get(field.toLowerCase()) ?? '')]);
  const found = entries.filter((entry) => (kind === 'all' || entry.kind === kind) && matches(query, textOf(entry)));
  return (
    <>
      <div className={styles.filters}>
        <SearchField label={t('search')} value={query} onChange={setQuery} placeholder={t('search')} />
        <Select
          label={t('filter')}
          hideLabel
          value={kind}
          onChange={(chosen) => setKind(chosen as ActivityKind | 'all')}
          options={(['all', ...activityKinds] as const).map((id) => ({ id, label: t(`kind.${id}`) }))}
        />
      </div>
      <div role="status">
        <Text size="small" tone="quiet">
          {t('found', { count: found.length })}
        </Text>
      </div>
      {found.length === 0 ? (
        <EmptyState icon={<FileSearch />} title={t('noMatchTitle')} text={t('noMatchText')} />
      ) : (
        <Timeline
          label={t('title')}
          items={found.slice(0, shown).map((entry) => ({
            id: entry.key,
            title: title(entry),
            at: entry.newest.atSeconds,
            icon: icons[entry.kind],
            tone: entry.kind === 'money' || entry.newest.event === 'OfferConfirmed' ? 'success' : 'neutral',
            detail: <Receipts events={entry.events} />,
          }))}
        />
      )}
      {found.length > shown && (
        <Row>
          <Button kind="secondary" onPress={() => setShown(shown + PAGE)}>
            {t('older')}
          </Button>
        </Row>
      )}
    </>
  );
}

/** An event in words; one that the catalogue does not know is called as the contract calls it. */
function useEventTitle(): (entry: ActivityEntry) => string {
  const t = useTexts('activity');
  const language = useLanguage();
  return ({ newest: { event }, events }) =>
    hasText('activity', `event.${event}`)
      ? t(`event.${event}`, { count: events.length, segments: localInteger(events.length, language) })
      : event;
}

function Receipts({ events }: { readonly events: readonly ActivityView[] }) {
  const t = useTexts('activity');
  const [newest] = events;
  if (newest === undefined) return null;
  return (
    <Stack gap={2}>
      <Summary event={newest} />
      <Disclosure title={t('receipt', { count: events.length })}>
        <Stack gap={4}>
          {events.map((event) => (
            <Receipt key={`${event.transactionHash}-${JSON.stringify(event.fields)}`} event={event} />
          ))}
        </Stack>
      </Disclosure>
    </Stack>
  );
}

/** Who and how much, where an event has them. */
function Summary({ event: { fields, blockNumber } }: { readonly event: ActivityView }) {
  const t = useTexts('activity');
  const [account] = Object.entries(fields).flatMap(([name, value]) => accountIn(name, value) ?? []);
  const wei = Object.keys(fields).find((name) => weiFields.has(name) && /^\d+$/.test(fields[name] ?? ''));
  return (
    <Row gap={3} wrap>
      {account !== undefined && <PersonName address={account} plain />}
      {wei !== undefined && <Amount wei={fields[wei] ?? '0'} />}
      <Text as="span" size="small" tone="quiet">
        {t('finalIn')} <Count value={blockNumber} />
      </Text>
    </Row>
  );
}

function Receipt({ event }: { readonly event: ActivityView }) {
  const t = useTexts('activity');
  const label = (name: string) => (hasText('activity', `field.${name}`) ? t(`field.${name}`) : name);
  return (
    <KeyValueList
      items={[
        { label: t('transaction'), value: <Copyable text={event.transactionHash} label={t('transaction')} /> },
        { label: t('block'), value: <Count value={event.blockNumber} /> },
        { label: t('time'), value: <Time seconds={event.atSeconds} /> },
        { label: t('contract'), value: event.contract },
        ...Object.entries(event.fields).map(([name, value]) => ({ label: label(name), value: <FieldValue name={name} value={value} /> })),
      ]}
    />
  );
}

function FieldValue({ name, value }: { readonly name: string; readonly value: string }) {
  const isInteger = /^\d+$/.test(value);
  if (weiFields.has(name) && isInteger) return <Amount wei={value} />;
  const account = accountIn(name, value);
  if (account !== null) return <PersonName address={account} />;
  if (timeFields.has(name) && isInteger && value.length < 12) return <Time seconds={Number(value)} />;
  return value.length > 24 ? <Copyable text={value} label={name} /> : value;
}
