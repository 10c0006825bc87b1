/** One validator of an own network: where it stands, with whom it is connected, and what is wrong. */
import type { MemberView, ValidatorsView } from '../../../electron/views.ts';
import { useLanguage, useSaid, useTexts } from '../../app/texts.ts';
import { localDuration } from '../../model/figures.ts';
import { Copyable, Count, Dialog, ErrorPanel, KeyValueList, Notice, Stack, StateBadge, shortHex, Text } from '../../ui/index.ts';
import styles from './network.module.css';
import { ShortTable } from './short-table.tsx';

export interface MemberProps {
  readonly name: string;
  readonly member: MemberView;
  readonly groups: ValidatorsView['groups'];
  readonly onClose: () => void;
}

type Peer = MemberView['peers'][number];

/** The dialog. */
export function Member({ name, member, groups, onClose }: MemberProps) {
  const t = useTexts('network');
  const language = useLanguage();
  const inWords = useSaid();
  const number = (value: number | null) => (value === null ? t('unknownNow') : <Count value={value} />);
  const nameOf = (key: string) => {
    const group = groups.findIndex((members) => members.some((other) => other.key === key));
    const place = groups[group]?.findIndex((other) => other.key === key) ?? -1;
    return place < 0 ? shortHex(key) : `${t('groupName', { group: group + 1 })}, ${t('memberName', { member: place + 1 })}`;
  };
  const total = (count: (peer: Peer) => number) => member.peers.reduce((sum, peer) => sum + count(peer), 0);
  const faults = member.peers.filter(({ fault }) => fault !== null);
  const ahead = member.clockAheadSeconds;
  return (
    <Dialog isOpen onClose={onClose} title={name} size="large">
      <Stack gap={5}>
        {ahead !== null && (
          <Notice kind="warning" title={t(ahead > 0 ? 'memberClockAhead' : 'memberClockBehind')}>
            {t('memberClockText', { difference: localDuration(Math.abs(ahead) * 1000, language) })}
          </Notice>
        )}
        {member.state !== 'running' && member.state !== 'unreachable' && <Notice kind="warning">{t(`memberState.${member.state}`)}</Notice>}
        {member.state === 'unreachable' && member.fault === null && <Notice kind="warning">{t('memberState.unreachable')}</Notice>}
        {member.state === 'unreachable' && <ErrorPanel error={member.fault} compact />}
        <KeyValueList
          columns={2}
          items={[
            { label: t('state'), value: <StateBadge state={member.state} /> },
            { label: t('role'), value: member.role === null ? t('unknownNow') : t(`role.${member.role}`) },
            { label: t('key'), value: <Copyable text={member.key} label={t('key')} /> },
            { label: t('answersAt'), value: member.url === null ? t('unknownNow') : member.url },
            { label: t('height'), value: number(member.height) },
            { label: t('lag'), value: number(member.lag) },
            { label: t('view'), value: number(member.view) },
            { label: t('term'), value: number(member.term) },
            { label: t('messagesDropped'), value: number(total(({ dropped }) => dropped)), help: t('messagesDroppedHelp') },
            { label: t('messagesRefused'), value: number(total(({ refused }) => refused)), help: t('messagesRefusedHelp') },
            { label: t('strangers'), value: number(member.strangersRefused), help: t('strangersHelp') },
          ]}
        />
        {member.peers.length > 0 && (
          <ShortTable
            label={t('connections')}
            rows={member.peers}
            rowKey={({ key }) => key}
            columns={[
              { id: 'peer', header: t('member'), width: '1fr', cell: ({ key }: Peer) => nameOf(key) },
              {
                id: 'state',
                header: t('state'),
                width: '8.5rem',
                cell: ({ isConnected }: Peer) => <StateBadge state={isConnected ? 'reachable' : 'unreachable'} />,
              },
              ...(['received', 'sent', 'dropped', 'refused'] as const).map((counter) => ({
                id: counter,
                header: t(`messages.${counter}`),
                width: '6rem',
                align: 'end' as const,
                secondary: true,
                cell: (peer: Peer) => <Count value={peer[counter]} />,
              })),
            ]}
          />
        )}
        {faults.length > 0 && (
          <ul className={styles.checks}>
            {faults.map(({ key, fault }) => (
              <li key={key}>
                <Text as="span" strong>
                  {nameOf(key)}:
                </Text>{' '}
                {fault === null ? '' : `${inWords(fault.what)} ${inWords(fault.consequence)} ${inWords(fault.remedy)}`}
              </li>
            ))}
          </ul>
        )}
      </Stack>
    </Dialog>
  );
}
