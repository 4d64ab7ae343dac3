// Whose heads count as people, by age.
import { Select } from 'antd';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { overlays } from '../common/overlays';

const AGES = ['age_0_2', 'age_3_6', 'age_7_17', 'age_18_59', 'age_60_79', 'age_80'] as const;
export type Age = (typeof AGES)[number];

type Props = { value: readonly string[]; onChange: (ages: Age[]) => void };

/** AgesSelect chooses ages; none are everybody's. */
export function AgesSelect({ value, onChange }: Props) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div className="form-row">
      <label htmlFor={id}>{t('circle.choose.ages')}</label>
      <Select
        id={id}
        mode="multiple"
        getPopupContainer={overlays}
        placeholder={t('circle.choose.everybody')}
        value={value as Age[]}
        onChange={onChange}
        options={AGES.map((age) => ({ value: age, label: t(`ages.${age}`) }))}
      />
    </div>
  );
}
