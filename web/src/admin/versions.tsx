// The versions of a published text: none is changed, each change is a new one.
import { useQuery } from '@tanstack/react-query';
import { Collapse } from 'antd';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { List } from '../api/queries';
import { moment, useLanguage } from '../common/format';
import { Shown } from './common';

interface Version {
  version: number;
  published_at: string;
  published_by: string;
}

/** Versions shows all of them, once somebody asks. */
export function Versions<V extends Version>(props: {
  of: readonly [kind: string, code: string];
  load: (signal: AbortSignal) => Promise<List<V>>;
  children: (version: V) => ReactNode;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [open, setOpen] = useState(false);
  const versions = useQuery({
    queryKey: props.of,
    enabled: open,
    queryFn: ({ signal }) => props.load(signal),
    select: (list) => list.items,
  });
  return (
    <Collapse
      ghost
      size="small"
      onChange={(keys) => setOpen(keys.length > 0)}
      items={[
        {
          key: 'versions',
          label: t('admin.versions'),
          children: (
            <Shown query={versions} rows={2}>
              {(list) => (
                <ol className="admin-history">
                  {list.map((one) => (
                    <li key={one.version}>
                      <p>
                        <strong>{t('admin.version', { version: one.version })}</strong>{' '}
                        <span className="soft">
                          {moment(one.published_at, language)} · {one.published_by}
                        </span>
                      </p>
                      {props.children(one)}
                    </li>
                  ))}
                </ol>
              )}
            </Shown>
          ),
        },
      ]}
    />
  );
}
