// Whose walk counts: the households of the ledger, or an imported set of people.
import { Select } from 'antd';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { overlays } from '../common/overlays';
import { setChoice, useChoice } from './choice';
import { useDemandSets } from './queries';

export function DemandSelect() {
  const { t } = useTranslation();
  const id = useId();
  const { demand } = useChoice();
  const sets = useDemandSets().data ?? [];
  return (
    <div className="form-row">
      <label htmlFor={id}>{t('circle.choose.demand')}</label>
      <Select
        id={id}
        getPopupContainer={overlays}
        value={demand}
        onChange={(next) => setChoice({ demand: next })}
        options={[
          { value: 0, label: t('circle.choose.ledger') },
          ...sets.map((set) => ({ value: set.id, label: `${set.name} · ${set.version}` })),
        ]}
      />
    </div>
  );
}
