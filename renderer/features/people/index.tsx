/** The pseudonyms that this profile has met, with the names that the user gives them. The names stay on this machine. */
import { Check, Pencil, Users, X } from 'lucide-react';
import { useState } from 'react';
import type { PersonView } from '../../../electron/views.ts';
import { useAction, useCall } from '../../api/client.ts';
import { hasText, useTexts } from '../../app/texts.ts';
import {
  Badge,
  Copyable,
  EmptyState,
  ErrorPanel,
  IconButton,
  Identicon,
  matches,
  Page,
  PageHeader,
  Query,
  SearchField,
  Stack,
  shortHex,
  Text,
  TextField,
} from '../../ui/index.ts';
import styles from './people.module.css';

/** The screen. */
export default function People() {
  const t = useTexts('people');
  const people = useCall('person.list', {});
  const [query, setQuery] = useState('');
  return (
    <Page>
      <PageHeader title={t('title')} lead={t('lead')} />
      <Query result={people}>
        {(all) => {
          if (all.length === 0) return <EmptyState icon={<Users />} title={t('emptyTitle')} text={t('emptyText')} />;
          const found = all
            .filter((person) => matches(query, person.name ?? '', person.address, ...person.roles.map((role) => roleText(t, role))))
            .toSorted((left, right) => Number(right.mine) - Number(left.mine) || right.trades - left.trades);
          return (
            <Stack gap={4}>
              <SearchField label={t('search')} value={query} onChange={setQuery} placeholder={t('search')} />
              {found.length === 0 ? (
                <EmptyState icon={<Users />} title={t('noMatchTitle')} text={t('noMatchText')} />
              ) : (
                <ul className={styles.people} aria-label={t('title')}>
                  {found.map((person) => (
                    <Person key={person.address} person={person} />
                  ))}
                </ul>
              )}
            </Stack>
          );
        }}
      </Query>
    </Page>
  );
}

function roleText(t: ReturnType<typeof useTexts>, role: string): string {
  return hasText('people', `role.${role}`) ? t(`role.${role}`) : role;
}

function Person({ person }: { readonly person: PersonView }) {
  const t = useTexts('people');
  const [isNaming, setNaming] = useState(false);
  return (
    <li className={styles.person}>
      <Identicon value={person.address} size={32} />
      <div className={styles.who}>
        {isNaming ? (
          <Naming person={person} onDone={() => setNaming(false)} />
        ) : (
          <div className={styles.name}>
            <span className={person.name === null ? styles.unnamed : styles.named}>{person.name ?? t(person.mine ? 'me' : 'unnamed')}</span>
            <IconButton
              label={t(person.name === null ? 'giveName' : 'changeName', { who: person.name ?? shortHex(person.address) })}
              icon={<Pencil />}
              onPress={() => setNaming(true)}
            />
          </div>
        )}
        <Copyable text={person.address} label={t('address')} />
      </div>
      <div className={styles.roles}>
        {person.mine && <Badge tone="accent">{t('mine')}</Badge>}
        {person.roles.map((role) => (
          <Badge key={role}>{roleText(t, role)}</Badge>
        ))}
      </div>
      <Text as="span" size="small" tone="quiet">
        {t('trades', { count: person.trades })}
      </Text>
    </li>
  );
}

function Naming({ person: { address, name }, onDone }: { readonly person: PersonView; readonly onDone: () => void }) {
  const t = useTexts('people');
  const [typed, setTyped] = useState(name ?? '');
  const naming = useAction('person.name');
  const save = async () => {
    await naming.run({ address, name: typed.trim() });
    onDone();
  };
  const submit = () => {
    save().catch(() => undefined); // the action holds the error, and the panel below shows it
  };
  return (
    <form
      className={styles.naming}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onDone();
      }}
    >
      <TextField
        label={t('nameOf', { who: shortHex(address) })}
        hideLabel
        value={typed}
        onChange={setTyped}
        maxLength={80}
        autoFocus
        placeholder={t('nameExample')}
      />
      <IconButton label={t('save')} icon={<Check />} isDisabled={naming.running} onPress={submit} />
      <IconButton label={t('cancel')} icon={<X />} onPress={onDone} />
      <ErrorPanel error={naming.error} compact />
    </form>
  );
}
