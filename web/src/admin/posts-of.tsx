// The posts that an account holds.
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useTitle } from '../common/format';
import { Shown } from './common';
import { onDuty, type Post, usePostsOf } from './duties';
import { Stamp } from './stamp';

/** rankOf is as what an account holds a post. */
export const rankOf = (post: Post, login: string) => (post.a?.login === login ? 'A' : 'B');

/** holdsDuty reports whether the duty of a post, and with it what its kind may do, is this account's now. */
export const holdsDuty = (post: Post, login: string) => onDuty(post) === rankOf(post, login);

export function PostsOf({ login }: { login: string }) {
  const { t } = useTranslation();
  const title = useTitle();
  const posts = usePostsOf(login);
  return (
    <Shown
      query={posts}
      rows={2}
      empty={{ when: (list) => list.length === 0, title: t('admin.account.noPosts') }}
    >
      {(list) => (
        <ul className="admin-list">
          {list.map((post) => (
            <li key={post.id}>
              <strong>{title(post, post.kind)}</strong> {t(`admin.rank.${rankOf(post, login)}`)} ·{' '}
              {post.unit ? (
                <Link to={`/admin/posts?unit=${encodeURIComponent(post.unit)}`}>{post.unit_name}</Link>
              ) : (
                t('admin.everywhere')
              )}{' '}
              {holdsDuty(post, login) && <Stamp tone="good">{t('admin.duty.onDuty')}</Stamp>}
            </li>
          ))}
        </ul>
      )}
    </Shown>
  );
}
