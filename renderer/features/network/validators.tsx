/** The validators of an own network by group: who leads, who lags, who is not there; what the network can still bear; a group's start and stop. */
import { Play, Square } from 'lucide-react';
import { useState } from 'react';
import type { MemberView, OwnNetworkView, ServiceView, ValidatorsView } from '../../../electron/views.ts';
import { useCall, useTask } from '../../api/client.ts';
import { useTexts } from '../../app/texts.ts';
import {
  Badge,
  Button,
  ConfirmDialog,
  Count,
  ErrorPanel,
  KeyValueList,
  Notice,
  Query,
  Row,
  Section,
  Stack,
  StateBadge,
  TaskProgress,
  Text,
} from '../../ui/index.ts';
import { Member } from './member.tsx';
import styles from './network.module.css';
import { ShortTable } from './short-table.tsx';

/** Of a key: enough to tell the members of a group apart. */
const keyLength = 8;

/** The view. */
export function Validators({ network: { id: networkId } }: { readonly network: OwnNetworkView }) {
  const t = useTexts('network');
  const validators = useCall('ownNetwork.validators', { networkId }, { everyMs: 2_000 });
  const services = useCall('app.services', {});
  const serviceOf = (group: number) => services.data?.find(({ id }) => id === `validator-${networkId}-${group + 1}`);
  return (
    <Query result={validators}>
      {(seen) => (
        <Stack gap={8}>
          <Judgement seen={seen} />
          <Section title={t('validators')} lead={t('validatorsLead')}>
            <Stack gap={6}>
              {seen.groups.map((members, group) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a group is its number.
                <Group key={group} networkId={networkId} group={group} members={members} seen={seen} service={serviceOf(group)} />
              ))}
            </Stack>
          </Section>
        </Stack>
      )}
    </Query>
  );
}

function Judgement({ seen }: { readonly seen: ValidatorsView }) {
  const t = useTexts('network');
  const { makesBlocks, quorum, groupsThatVote, groupsToSpare, membersToSpare, groups, lyingGroupsMax, liarsThatFork } = seen.resilience;
  const isWhole = groupsThatVote === groups.length && seen.groups.flat().every(({ state }) => state === 'running');
  return (
    <Section title={t('health')}>
      <Stack gap={4}>
        {makesBlocks ? (
          <Notice kind={isWhole ? 'success' : 'warning'} title={t(isWhole ? 'makesBlocks' : 'makesBlocksWeaker')}>
            <p>{t('voting', { voting: groupsThatVote, groups: groups.length, quorum })}</p>
            <p>{t('spareMembers', { count: membersToSpare })}</p>
            <p>{t('spareGroups', { count: groupsToSpare })}</p>
          </Notice>
        ) : (
          <Notice kind="danger" title={t('makesNoBlocks')}>
            <p>{t('voting', { voting: groupsThatVote, groups: groups.length, quorum })}</p>
            <p>{t('makesNoBlocksText')}</p>
          </Notice>
        )}
        <KeyValueList
          columns={2}
          items={[
            { label: t('height'), value: <Count value={seen.height} />, help: t('heightHelp') },
            { label: t('proposing'), value: t('groupName', { group: seen.primary + 1 }), help: t('proposingHelp', { view: seen.view }) },
            { label: t('epoch'), value: <Count value={seen.epoch} />, help: t('epochHelp') },
          ]}
        />
        <Text tone="quiet">{t('lies', { count: lyingGroupsMax, liars: liarsThatFork })}</Text>
        <Text tone="quiet">{t('oneMachine')}</Text>
      </Stack>
    </Section>
  );
}

interface GroupProps {
  readonly networkId: string;
  readonly group: number;
  readonly members: readonly MemberView[];
  readonly seen: ValidatorsView;
  /** Its process; none while it is stopped. */
  readonly service: ServiceView | undefined;
}

function Group({ networkId, group, members, seen, service }: GroupProps) {
  const t = useTexts('network');
  const [opened, setOpened] = useState<string | null>(null);
  const resilience = seen.resilience.groups[group];
  const name = t('groupName', { group: group + 1 });
  const isStopped = service === undefined;
  const member = members.findIndex(({ key }) => key === opened);
  return (
    <section aria-label={name} className={styles.group}>
      <div className={styles.serviceLine}>
        <h3 className={styles.groupName}>{name}</h3>
        {group === seen.primary && <Badge tone="accent">{t('proposes')}</Badge>}
        {resilience !== undefined && (
          <Badge tone={resilience.canVote ? 'success' : 'danger'}>{t(resilience.canVote ? 'canVote' : 'cannotVote')}</Badge>
        )}
        {service !== undefined && service.state !== 'running' && <StateBadge state={service.state} />}
        <Text as="span" size="small" tone="quiet">
          {resilience?.canVote
            ? t('groupSpare', { count: resilience.membersToSpare, majority: resilience.majority, members: members.length })
            : t('groupNeeds', { majority: resilience?.majority ?? 0, members: members.length })}
        </Text>
        <GroupPower networkId={networkId} group={group} seen={seen} service={service} />
      </div>
      <ErrorPanel error={service?.error} compact />
      <ShortTable
        label={t('membersOf', { group: name })}
        rows={members}
        rowKey={({ key }) => key}
        onOpen={({ key }) => setOpened(key)}
        selected={opened}
        columns={[
          {
            id: 'member',
            header: t('member'),
            width: '1fr',
            cell: (row: MemberView) => (
              <span className={styles.member}>
                {t('memberName', { member: members.indexOf(row) + 1 })}{' '}
                <span className={styles.serviceId}>{row.key.slice(0, keyLength)}…</span>
              </span>
            ),
          },
          {
            id: 'role',
            header: t('role'),
            width: '6rem',
            cell: ({ role }: MemberView) => (role === null ? '–' : t(`role.${role}`)),
          },
          {
            id: 'state',
            header: t('state'),
            width: '8rem',
            cell: ({ state }: MemberView) => <StateBadge state={isStopped && state === 'unreachable' ? 'stopped' : state} />,
          },
          {
            id: 'height',
            header: t('blockNumber'),
            width: '4rem',
            align: 'end',
            secondary: true,
            cell: ({ height }: MemberView) => (height === null ? '–' : <Count value={height} />),
          },
          {
            id: 'lag',
            header: t('lag'),
            width: '5rem',
            align: 'end',
            secondary: true,
            cell: ({ lag }: MemberView) => (lag === null ? '–' : <Count value={lag} />),
          },
          {
            id: 'peers',
            header: t('connected'),
            width: '5.5rem',
            align: 'end',
            secondary: true,
            cell: ({ peers, state }: MemberView) =>
              state === 'unreachable'
                ? '–'
                : t('ofMembers', { signed: peers.filter(({ isConnected }) => isConnected).length, members: peers.length }),
          },
        ]}
      />
      {member >= 0 && (
        <Member
          name={`${name}, ${t('memberName', { member: member + 1 })}`}
          member={members[member] as MemberView}
          groups={seen.groups}
          onClose={() => setOpened(null)}
        />
      )}
    </section>
  );
}

function GroupPower({ networkId, group, seen, service }: Omit<GroupProps, 'members'>) {
  const t = useTexts('network');
  const starting = useTask('ownNetwork.startGroup');
  const stopping = useTask('ownNetwork.stopGroup');
  const [isAsking, setAsking] = useState(false);
  const { groupsToSpare, groups, makesBlocks } = seen.resilience;
  const endsBlocks = makesBlocks && groupsToSpare === 0 && groups[group]?.canVote === true;
  const isStopped = service === undefined || service.state === 'stopped' || service.state === 'failing';
  const number = group + 1;
  return (
    <div className={styles.groupPower}>
      <Row gap={2} wrap>
        {isStopped ? (
          <Button size="small" icon={<Play />} busy={starting.running} onPress={() => starting.start({ networkId, group })}>
            {t('startGroup', { group: number })}
          </Button>
        ) : (
          <Button size="small" icon={<Square />} busy={stopping.running} onPress={() => setAsking(true)}>
            {t('stopGroup', { group: number })}
          </Button>
        )}
      </Row>
      <TaskProgress task={starting} />
      <TaskProgress task={stopping} />
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={t('stopGroupTitle', { group: number })}
        confirmLabel={t('stopGroup', { group: number })}
        danger={endsBlocks}
        onConfirm={() => stopping.start({ networkId, group })}
      >
        {t(endsBlocks ? 'stopGroupEnds' : 'stopGroupText')}
      </ConfirmDialog>
    </div>
  );
}
