/** The header of a list: its title, what can be begun there, and the search with a choice of what is listed. */
import type { ReactNode } from 'react';
import { SearchField, Select, type SelectOption } from './fields.tsx';
import { Text } from './layout.tsx';
import styles from './list-header.module.css';

export interface ListHeaderProps<Filter extends string> {
  readonly title: string;
  readonly lead?: string;
  /** Beside the title. */
  readonly action?: ReactNode;
  readonly search: { readonly label: string; readonly value: string; readonly onChange: (value: string) => void };
  readonly filter?: {
    readonly label: string;
    readonly value: Filter;
    readonly onChange: (value: Filter) => void;
    readonly options: readonly (SelectOption & { readonly id: Filter })[];
  };
}

/** The header; it goes into a ListPane. */
export function ListHeader<Filter extends string = never>({ title, lead, action, search, filter }: ListHeaderProps<Filter>) {
  return (
    <>
      <div className={styles.titleLine}>
        <h1 className={styles.title}>{title}</h1>
        {action}
      </div>
      {lead !== undefined && (
        <Text size="small" tone="quiet">
          {lead}
        </Text>
      )}
      <div className={styles.tools}>
        <SearchField label={search.label} value={search.value} onChange={search.onChange} placeholder={search.label} />
        {filter !== undefined && (
          <Select
            label={filter.label}
            hideLabel
            value={filter.value}
            onChange={(chosen) => {
              const known = filter.options.find(({ id }) => id === chosen);
              if (known !== undefined) filter.onChange(known.id);
            }}
            options={filter.options}
          />
        )}
      </div>
    </>
  );
}
