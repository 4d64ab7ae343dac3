// Whose task a walk is: that of a post, of a person, or of whoever may record there.
import { Input, Segmented, Select } from 'antd';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Plan } from '../api/types';
import { useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { type Assignee, type Post, useRecorders } from './queries';

const WHOSE = ['anybody', 'post', 'account'] as const;
export type Whose = { whose: (typeof WHOSE)[number]; post: number | null; account: string };
export const ANYBODY: Whose = { whose: 'anybody', post: null, account: '' };

/** assigneeOf is what is asked of the server; null while something is missing. */
export function assigneeOf({ whose, post, account }: Whose): Assignee | null {
  if (whose === 'anybody') return {};
  if (whose === 'post') return post ? { post } : null;
  return account.trim() ? { account: account.trim() } : null;
}

/** usePostName names a post: its title, its unit, who holds it. */
export function usePostName(): (post: Post) => string {
  const { t } = useTranslation();
  const title = useTitle();
  return (post) => {
    const holder = (post.a as Post['a'] | null)?.name ?? t('border.vacant');
    return `${post.unit_name || post.unit} ${title(post, post.kind)} · ${holder}`;
  };
}

export function Assign(props: { plan: Plan; value: Whose; onChange: (value: Whose) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const { value, onChange } = props;
  const base = (props.plan.base as Plan['base'] | null)?.code;
  const posts = useRecorders(base);
  const nameOf = usePostName();
  return (
    <fieldset className="border-assign">
      <legend>{t('border.forWhom')}</legend>
      <Segmented
        block
        aria-label={t('border.forWhom')}
        value={value.whose}
        onChange={(whose) => onChange({ ...value, whose })}
        options={WHOSE.map((one) => ({ value: one, label: t(`border.${one}`) }))}
      />
      {value.whose === 'post' && posts.isError && (
        <Failed cause={posts.error} retry={() => posts.refetch()} />
      )}
      {value.whose === 'post' && !posts.isError && (
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          aria-label={t('border.choosePost')}
          placeholder={t('border.choosePost')}
          loading={posts.isPending}
          value={value.post}
          onChange={(post) => onChange({ ...value, post })}
          getPopupContainer={overlays}
          options={posts.data?.map((post) => ({ value: post.id, label: nameOf(post) }))}
        />
      )}
      {value.whose === 'account' && (
        <>
          <label htmlFor={id}>{t('border.login')}</label>
          <Input
            id={id}
            maxLength={100}
            autoComplete="off"
            value={value.account}
            onChange={(event) => onChange({ ...value, account: event.target.value })}
          />
        </>
      )}
    </fieldset>
  );
}
