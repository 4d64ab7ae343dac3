// Households whose place is not known yet: pick one, then click the map.
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useUnplaced } from '../api/queries';
import { addressOf } from '../common/address';
import { count, useLanguage, useWords } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { usePage } from '../view/store';
import { nothingSelected, useView } from '../view/url';

export default function UnplacedPanel() {
  const { t } = useTranslation();
  const word = useWords();
  const language = useLanguage();
  const [, setView] = useView();
  const [text, setText] = useState('');
  const [cursors, setCursors] = useState<string[]>([]);
  const found = useUnplaced(text.trim(), cursors.at(-1));
  const placing = usePage((page) => page.placing);
  const rows = found.data?.items ?? [];
  return (
    <section className="block" aria-label={t('unplaced.title')}>
      <p className="soft">{t('unplaced.hint')}</p>
      <Input
        allowClear
        aria-label={t('unplaced.filter')}
        placeholder={t('unplaced.filter')}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setCursors([]);
        }}
      />
      {found.isPending && <Loading rows={6} />}
      {found.isError && <Failed cause={found.error} retry={() => found.refetch()} />}
      {found.data && rows.length === 0 && (
        <Nothing title={text ? t('unplaced.noneFound') : t('unplaced.none')} />
      )}
      <ul className="rows">
        {rows.map((household) => (
          <li
            key={household.id}
            className={placing?.household.id === household.id ? 'row row-chosen' : 'row'}
          >
            <button
              type="button"
              className="unit-link"
              onClick={() =>
                setView({ ...nothingSelected, item: { kind: 'household', id: String(household.id) } })
              }
            >
              <span>{addressOf(household)}</span>
              <small className="soft">
                {word('householdKind', household.kind)} · {household.source_id}
              </small>
            </button>
            <Button
              size="small"
              type={placing?.household.id === household.id ? 'primary' : 'default'}
              onClick={() => usePage.setState({ placing: { household, action: 'place' }, drawer: false })}
            >
              {t('household.place')}
            </Button>
          </li>
        ))}
      </ul>
      <div className="pager">
        {found.data?.total !== undefined && (
          <span className="soft" role="status">
            {t('unplaced.total', { total: count(found.data.total, language) })}
          </span>
        )}
        <Button size="small" disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
          {t('common.previous')}
        </Button>
        <Button
          size="small"
          disabled={!found.data?.next}
          onClick={() => found.data?.next && setCursors([...cursors, found.data.next])}
        >
          {t('common.next')}
        </Button>
      </div>
    </section>
  );
}
