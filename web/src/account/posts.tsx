// The posts of this session, and in words what they allow.
import { CheckOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { Section } from './page';
import { PERMISSIONS, type Session } from './session';
import { Duty, useHoldingName } from './who';

export function PostSection({ session }: { session: Session }) {
  const { t } = useTranslation();
  const nameOf = useHoldingName();
  const { posts, permissions } = session;
  return (
    <Section title={t('account.posts')}>
      {posts.length === 0 && <p className="soft">{t('account.noPosts')}</p>}
      <ul className="my-posts">
        {posts.map((post) => (
          <li key={`${post.post}${post.rank}`}>
            <div className="my-post">
              <strong>{nameOf(post)}</strong> <Duty post={post} />
            </div>
            {!post.on_duty && <p className="hint">{t('account.waitingDeputy')}</p>}
          </li>
        ))}
      </ul>
      {permissions.length > 0 && (
        <>
          <h3>{t('account.allows')}</h3>
          <ul className="allowed">
            {PERMISSIONS.filter((permission) => permissions.includes(permission)).map((permission) => (
              <li key={permission}>
                <CheckOutlined aria-hidden="true" /> {t(`permission.${permission}`)}
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}
