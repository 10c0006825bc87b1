/** Home: what waits for the user, what waits for others, what runs, and what happened lately. */
import {
  Archive,
  ChevronRight,
  CircleCheck,
  Database,
  FileSearch,
  Fingerprint,
  Hourglass,
  KeyRound,
  ListChecks,
  type LucideIcon,
  PackageOpen,
  ScrollText,
  Send,
} from 'lucide-react';
import { Link } from 'wouter';
import { useCall } from '../../api/client.ts';
import { useApp, useProfile } from '../../app/state.tsx';
import { hasText, useTexts } from '../../app/texts.ts';
import { Card, Due, EmptyState, LinkButton, Page, PageHeader, Row, Skeleton, StateBadge, Text, Timeline, useNow } from '../../ui/index.ts';
import { activityEntries } from '../activity/activity-entries.ts';
import { TaskRow } from '../tasks/index.tsx';
import styles from './home.module.css';
import { type WaitingItem, waitingItems } from './waiting.ts';

const icons: Record<WaitingItem['kind'], LucideIcon> = {
  offer: KeyRound,
  purchase: PackageOpen,
  dataset: Database,
  requirement: ListChecks,
  identity: Fingerprint,
  backup: Archive,
  phrase: ScrollText,
  outbox: Send,
};

/** The home screen. */
export default function Home() {
  const profile = useProfile();
  return <Page width="wide">{profile === null ? <OperatorHome /> : <ProfileHome />}</Page>;
}

function ProfileHome() {
  const t = useTexts('home');
  const app = useApp();
  const profile = useProfile();
  const now = useNow(30_000);
  const owns = profile?.roles.includes('owner') ?? false;
  const needs = profile?.roles.includes('consumer') ?? false;
  const offers = useCall('offer.list', {});
  const datasets = useCall('dataset.list', {}, { enabled: owns });
  const open = useCall('requirement.open', {}, { enabled: owns });
  const mine = useCall('requirement.mine', {}, { enabled: needs });
  const outbox = useCall('outbox.list', {});
  const identity = useCall('identity.get', {});
  const { forMe, forOthers } = waitingItems({
    app,
    offers: offers.data ?? [],
    datasets: datasets.data ?? [],
    open: open.data ?? [],
    mine: mine.data ?? [],
    outbox: outbox.data ?? [],
    identity: identity.data ?? null,
    nowSeconds: Math.floor(now / 1000),
  });
  const waitingForAnswers = offers.isPending || (owns && datasets.isPending) || (needs && mine.isPending);
  const isNew = !waitingForAnswers && offers.data?.length === 0 && (datasets.data ?? []).length === 0 && (mine.data ?? []).length === 0;
  return (
    <>
      <PageHeader title={t('title', { name: profile?.name ?? '' })} lead={t('lead', { count: forMe.length })} />
      {isNew && <FirstSteps owns={owns} needs={needs} />}
      <div className={styles.columns}>
        <div className={styles.side}>
          <Card title={t('for-me')} padded={false}>
            {waitingForAnswers ? <Skeleton lines={3} /> : <Waiting items={forMe} empty={t('for-me.none')} done />}
          </Card>
          <Card title={t('for-others')} padded={false}>
            {waitingForAnswers ? <Skeleton lines={2} /> : <Waiting items={forOthers} empty={t('for-others.none')} />}
          </Card>
        </div>
        <div className={styles.side}>
          <Running />
          <Happened />
        </div>
      </div>
    </>
  );
}

function FirstSteps({ owns, needs }: { readonly owns: boolean; readonly needs: boolean }) {
  const t = useTexts('home');
  return (
    <div className={styles.steps}>
      {owns && (
        <Card>
          <EmptyState
            icon={<Database />}
            title={t('first.data')}
            text={t('first.data.text')}
            action={
              <LinkButton to="/datasets/import" kind="primary">
                {t('first.data.begin')}
              </LinkButton>
            }
          />
        </Card>
      )}
      {needs && (
        <Card>
          <EmptyState
            icon={<FileSearch />}
            title={t('first.need')}
            text={t('first.need.text')}
            action={
              <LinkButton to="/requirements/new" kind="primary">
                {t('first.need.begin')}
              </LinkButton>
            }
          />
        </Card>
      )}
    </div>
  );
}

function Waiting({
  items,
  empty,
  done = false,
}: {
  readonly items: readonly WaitingItem[];
  readonly empty: string;
  readonly done?: boolean;
}) {
  if (items.length === 0) {
    return (
      <div className={styles.none}>
        {done ? <CircleCheck /> : <Hourglass />}
        {empty}
      </div>
    );
  }
  return (
    <ul className={styles.list}>
      {items.map((item) => (
        <WaitingRow key={item.id} item={item} />
      ))}
    </ul>
  );
}

function WaitingRow({ item }: { readonly item: WaitingItem }) {
  const t = useTexts('home');
  const sentence = useTexts(item.text.area);
  const Icon = icons[item.kind];
  return (
    <li>
      <Link to={item.to} className={styles.item}>
        <span className={styles.icon}>
          <Icon />
        </span>
        <span className={styles.words}>
          <span className={styles.what}>{item.subject ?? t(`kind.${item.kind}`)}</span>
          <span className={styles.sentence}>{sentence(item.text.key, { ...item.text.values })}</span>
        </span>
        {item.dueAt !== null && (
          <span className={styles.due}>
            <Due seconds={item.dueAt} />
          </span>
        )}
        <ChevronRight className={styles.arrow} />
      </Link>
    </li>
  );
}

function Running() {
  const t = useTexts('home');
  const tasks = useCall('app.tasks', {});
  const running = (tasks.data ?? []).filter(({ state }) => state === 'running' || state === 'waiting-for-network');
  if (running.length === 0) return null;
  return (
    <Card title={t('running')} padded={false}>
      <ul>
        {running.map((task) => (
          <TaskRow key={task.id} task={task} />
        ))}
      </ul>
    </Card>
  );
}

function Happened() {
  const t = useTexts('home');
  const words = useTexts('activity');
  const activity = useCall('activity.list', {});
  const entries = activityEntries(activity.data ?? []).slice(0, 8);
  return (
    <Card title={t('happened')} actions={entries.length > 0 && <Link to="/activity">{t('happened.all')}</Link>}>
      {activity.isPending ? (
        <Skeleton lines={4} />
      ) : entries.length === 0 ? (
        <Text tone="quiet">{t('happened.none')}</Text>
      ) : (
        <Timeline
          label={t('happened')}
          items={entries.map(({ key, newest, events }) => ({
            id: key,
            title: hasText('activity', `event.${newest.event}`)
              ? words(`event.${newest.event}`, { count: events.length, segments: events.length })
              : newest.event,
            at: newest.atSeconds,
            detail: t('final', { block: newest.blockNumber }),
          }))}
        />
      )}
    </Card>
  );
}

/** The home of who runs networks and has no profile. */
function OperatorHome() {
  const t = useTexts('home');
  const { networks } = useApp();
  return (
    <>
      <PageHeader
        title={t('operator')}
        lead={t('operator.lead')}
        actions={
          <LinkButton to="/welcome" kind="primary">
            {t('operator.profile')}
          </LinkButton>
        }
      />
      <Card padded={false}>
        <ul className={styles.list}>
          {networks.map((network) => (
            <li key={network.id}>
              <Link to="/network" className={styles.item}>
                <span className={styles.words}>
                  <span className={styles.what}>{network.name}</span>
                  <span className={styles.sentence}>{t('operator.size', { proxies: network.proxies, threshold: network.threshold })}</span>
                </span>
                <Row>
                  <StateBadge state={network.state} />
                </Row>
                <ChevronRight className={styles.arrow} />
              </Link>
            </li>
          ))}
        </ul>
      </Card>
      <Running />
    </>
  );
}
