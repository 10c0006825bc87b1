/** What a user fills in: text, numbers, one of several, yes or no. */
import { Check, ChevronDown, Minus, Plus, Search, X } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Checkbox as AriaCheckbox,
  NumberField as AriaNumberField,
  SearchField as AriaSearchField,
  Select as AriaSelect,
  Switch as AriaSwitch,
  TextField as AriaTextField,
  Button,
  FieldError,
  Group,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Radio,
  RadioGroup,
  SelectValue,
  Text,
  TextArea,
} from 'react-aria-components';
import { useTexts } from '../app/texts.ts';
import { classNames } from './class-names.ts';
import styles from './fields.module.css';

interface FieldProps {
  readonly label: string;
  /** A sentence below, always there. */
  readonly help?: ReactNode;
  /** What is wrong with the value; its presence marks the field. */
  readonly problem?: string | null;
  readonly isRequired?: boolean;
  readonly isDisabled?: boolean;
  readonly hideLabel?: boolean;
}

function labelOf(label: string, hidden: boolean) {
  return hidden ? null : <Label className={styles.label ?? ''}>{label}</Label>;
}

function Below({ help, problem }: { readonly help?: ReactNode; readonly problem?: string | null | undefined }) {
  return (
    <>
      {help !== undefined && (
        <Text slot="description" className={styles.help ?? ''}>
          {help}
        </Text>
      )}
      {problem && <FieldError className={styles.problem ?? ''}>{problem}</FieldError>}
    </>
  );
}

export interface TextFieldProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly multiline?: boolean;
  /** A unit behind the text. */
  readonly suffix?: string;
  readonly mono?: boolean;
  readonly autoFocus?: boolean;
  readonly type?: 'text' | 'password';
  readonly maxLength?: number;
  readonly onBlur?: () => void;
}

/** Text on one line or several. */
export function TextField({
  label,
  value,
  onChange,
  help,
  problem = null,
  isRequired = false,
  isDisabled = false,
  hideLabel = false,
  placeholder,
  multiline = false,
  suffix,
  mono = false,
  autoFocus = false,
  type = 'text',
  maxLength,
  onBlur,
}: TextFieldProps) {
  const placed = placeholder === undefined ? {} : { placeholder };
  return (
    <AriaTextField
      className={styles.field ?? ''}
      value={value}
      onChange={onChange}
      isRequired={isRequired}
      isDisabled={isDisabled}
      isInvalid={Boolean(problem)}
      validationBehavior="aria"
      autoFocus={autoFocus}
      type={type}
      autoComplete="off"
      spellCheck="false"
      {...(hideLabel ? { 'aria-label': label } : {})}
      {...(maxLength === undefined ? {} : { maxLength })}
      {...(onBlur === undefined ? {} : { onBlur: () => onBlur() })}
    >
      {labelOf(label, hideLabel)}
      {multiline ? (
        <TextArea className={classNames(styles.input, styles.area, mono && styles.mono)} rows={3} {...placed} />
      ) : (
        <Group className={styles.box ?? ''}>
          <Input className={classNames(styles.bare, mono && styles.mono)} {...placed} />
          {suffix !== undefined && <span className={styles.suffix}>{suffix}</span>}
        </Group>
      )}
      <Below help={help} problem={problem} />
    </AriaTextField>
  );
}

export interface NumberFieldProps extends FieldProps {
  readonly value: number;
  /** Called with NaN when the field is emptied. */
  readonly onChange: (value: number) => void;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly suffix?: string;
}

/** A number, with steps. */
export function NumberField({
  label,
  value,
  onChange,
  min,
  max,
  step,
  help,
  problem = null,
  suffix,
  isRequired = false,
  isDisabled = false,
  hideLabel = false,
}: NumberFieldProps) {
  const t = useTexts('ui');
  return (
    <AriaNumberField
      className={styles.field ?? ''}
      value={value}
      onChange={onChange}
      isRequired={isRequired}
      isDisabled={isDisabled}
      isInvalid={Boolean(problem)}
      validationBehavior="aria"
      {...(hideLabel ? { 'aria-label': label } : {})}
      {...(min === undefined ? {} : { minValue: min })}
      {...(max === undefined ? {} : { maxValue: max })}
      {...(step === undefined ? {} : { step })}
    >
      {labelOf(label, hideLabel)}
      <Group className={styles.box ?? ''}>
        <Input className={styles.bare ?? ''} />
        {suffix !== undefined && <span className={styles.suffix}>{suffix}</span>}
        <Button slot="decrement" className={styles.step ?? ''} aria-label={t('number.less')}>
          <Minus />
        </Button>
        <Button slot="increment" className={styles.step ?? ''} aria-label={t('number.more')}>
          <Plus />
        </Button>
      </Group>
      <Below help={help} problem={problem} />
    </AriaNumberField>
  );
}

export interface SelectOption {
  readonly id: string;
  readonly label: string;
  readonly detail?: string;
}
export interface SelectProps extends FieldProps {
  readonly value: string | null;
  readonly onChange: (id: string) => void;
  readonly options: readonly SelectOption[];
  readonly placeholder?: string;
}

/** One of a few. */
export function Select({
  label,
  value,
  onChange,
  options,
  help,
  problem = null,
  placeholder,
  isRequired = false,
  isDisabled = false,
  hideLabel = false,
}: SelectProps) {
  const t = useTexts('ui');
  return (
    <AriaSelect
      className={styles.field ?? ''}
      value={value}
      onChange={(key) => {
        if (key !== null) onChange(String(key));
      }}
      isRequired={isRequired}
      isDisabled={isDisabled}
      isInvalid={Boolean(problem)}
      validationBehavior="aria"
      placeholder={placeholder ?? t('select.choose')}
      {...(hideLabel ? { 'aria-label': label } : {})}
    >
      {labelOf(label, hideLabel)}
      <Button className={classNames(styles.box, styles.selectButton)}>
        <SelectValue className={styles.selectValue ?? ''}>
          {({ selectedText, defaultChildren }) => selectedText || defaultChildren}
        </SelectValue>
        <ChevronDown />
      </Button>
      <Below help={help} problem={problem} />
      <Popover className={styles.popover ?? ''} offset={4}>
        <ListBox className={styles.options ?? ''}>
          {options.map((option) => (
            <ListBoxItem key={option.id} id={option.id} textValue={option.label} className={styles.option ?? ''}>
              {({ isSelected }) => (
                <>
                  <span className={styles.optionText}>
                    <span>{option.label}</span>
                    {option.detail !== undefined && <span className={styles.optionDetail}>{option.detail}</span>}
                  </span>
                  {isSelected && <Check />}
                </>
              )}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

export interface ToggleProps {
  readonly children: ReactNode;
  readonly isSelected: boolean;
  readonly onChange: (isSelected: boolean) => void;
  readonly help?: ReactNode;
  readonly isDisabled?: boolean;
}

/** Yes or no, as a part of a form. */
export function Checkbox({ children, isSelected, onChange, help, isDisabled = false }: ToggleProps) {
  return (
    <AriaCheckbox className={styles.toggle ?? ''} isSelected={isSelected} onChange={onChange} isDisabled={isDisabled}>
      <span className={styles.tick}>{isSelected && <Check />}</span>
      <span className={styles.toggleText}>
        <span>{children}</span>
        {help !== undefined && <span className={styles.help}>{help}</span>}
      </span>
    </AriaCheckbox>
  );
}

/** On or off, at once. */
export function Switch({ children, isSelected, onChange, help, isDisabled = false }: ToggleProps) {
  return (
    <AriaSwitch className={classNames(styles.toggle, styles.switchRow)} isSelected={isSelected} onChange={onChange} isDisabled={isDisabled}>
      <span className={styles.toggleText}>
        <span className={styles.toggleTitle}>{children}</span>
        {help !== undefined && <span className={styles.help}>{help}</span>}
      </span>
      <span className={styles.track}>
        <span className={styles.thumb} />
      </span>
    </AriaSwitch>
  );
}

export interface RadioCardOption<Id extends string = string> {
  readonly id: Id;
  readonly title: string;
  readonly detail?: ReactNode;
  readonly icon?: ReactNode;
  readonly isDisabled?: boolean;
}
export interface RadioCardsProps<Id extends string = string> {
  readonly label: string;
  readonly value: Id | null;
  readonly onChange: (id: Id) => void;
  readonly options: readonly RadioCardOption<Id>[];
  readonly columns?: 1 | 2 | 3;
  readonly hideLabel?: boolean;
}

/** One of a few that need an explanation each. */
export function RadioCards<Id extends string>({ label, value, onChange, options, columns = 1, hideLabel = false }: RadioCardsProps<Id>) {
  return (
    <RadioGroup
      className={styles.field ?? ''}
      value={value}
      onChange={(id) => onChange(id as Id)}
      {...(hideLabel ? { 'aria-label': label } : {})}
    >
      {labelOf(label, hideLabel)}
      <div className={classNames(styles.cards, styles[`columns${columns}`])}>
        {options.map((option) => (
          <Radio key={option.id} value={option.id} isDisabled={option.isDisabled ?? false} className={styles.card ?? ''}>
            {option.icon !== undefined && <span className={styles.cardIcon}>{option.icon}</span>}
            <span className={styles.toggleText}>
              <span className={styles.toggleTitle}>{option.title}</span>
              {option.detail !== undefined && <span className={styles.help}>{option.detail}</span>}
            </span>
            <span className={styles.dot} />
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}

export interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly autoFocus?: boolean;
}

/** Text that a list is searched for. */
export function SearchField({ label, value, onChange, placeholder, autoFocus = false }: SearchFieldProps) {
  const t = useTexts('ui');
  return (
    <AriaSearchField className={styles.search ?? ''} aria-label={label} value={value} onChange={onChange} autoFocus={autoFocus}>
      <Group className={styles.box ?? ''}>
        <Search className={styles.searchIcon} />
        <Input className={styles.bare ?? ''} placeholder={placeholder ?? label} />
        <Button className={styles.step ?? ''} aria-label={t('search.clear')}>
          <X />
        </Button>
      </Group>
    </AriaSearchField>
  );
}

/** Whether every word of a query occurs in one of the texts. */
export function matches(query: string, ...texts: readonly (string | null | undefined)[]): boolean {
  const all = texts.join('\n').toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
