// Who is on duty: posts, never persons, by unit.
import { EnvironmentOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { useUnit } from '../api/queries';
import { useLanguage, useTitle } from '../common/format';
import { Nothing } from '../common/states';
import type { Post } from '../live/picture';
import { useLive } from '../live/use-live';
import { useKinds } from './queries';
import { clock } from './state';

/** byUnit are posts by their unit, the units by their code, posts that came first above. */
export function byUnit(posts: readonly Post[]): [unit: string, posts: Post[]][] {
  const units = new Map<string, Post[]>();
  for (const one of posts) units.set(one.unit, [...(units.get(one.unit) ?? []), one]);
  for (const list of units.values()) list.sort((a, b) => (a.since ?? '').localeCompare(b.since ?? ''));
  return [...units].sort(([a], [b]) => a.localeCompare(b));
}

/** useKindTitle names a kind of post. */
export function useKindTitle(): (kind: string) => string {
  const title = useTitle();
  const kinds = useKinds().data;
  return (kind) =>
    title(
      kinds?.find((one) => one.kind === kind),
      kind,
    );
}

export function OnDuty() {
  const { t } = useTranslation();
  const supervises = useMay()('supervise');
  const { picture } = useLive();
  const units = byUnit(picture.posts);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it
    <section className="duty-panel duty-posts" tabIndex={0} aria-label={t('duty.onDuty')}>
      <h2>
        {t('duty.onDuty')} <span className="figures">{supervises ? picture.posts.length : '–'}</span>
      </h2>
      {!supervises ? (
        <p className="soft">{t('duty.onDutyForbidden')}</p>
      ) : units.length === 0 ? (
        <Nothing title={t('duty.onDutyNone')} />
      ) : (
        <ul className="duty-list">
          {units.map(([unit, posts]) => (
            <OfUnit key={unit} unit={unit} posts={posts} />
          ))}
        </ul>
      )}
    </section>
  );
}

function OfUnit({ unit, posts }: { unit: string; posts: readonly Post[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const kind = useKindTitle();
  const found = useUnit(unit || null).data;
  return (
    <li>
      <h3>
        {found?.name ?? unit} <small className="figures soft">{unit}</small>
      </h3>
      <ul>
        {posts.map((one) => (
          <li key={one.post}>
            <EnvironmentOutlined
              className={one.cell ? undefined : 'duty-nowhere'}
              role="img"
              aria-label={t(one.cell ? 'duty.hereabouts' : 'duty.somewhere')}
            />{' '}
            {kind(one.kind)}{' '}
            {one.since && (
              <span className="soft figures">{t('duty.since', { time: clock(one.since, language) })}</span>
            )}
          </li>
        ))}
      </ul>
    </li>
  );
}
