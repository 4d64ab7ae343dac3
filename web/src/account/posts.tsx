// The posts of this session, and in words what each allows where.
import { CheckOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import type { components } from '../api/schema';
import { Failed, Loading } from '../common/states';
import { Section } from './page';
import { type Holding, PERMISSIONS, type Session, useMay } from './session';
import { Duty, useHoldingName } from './who';

type Staffing = components['schemas']['Staffing'];

export function PostSection({ session }: { session: Session }) {
  const { t } = useTranslation();
  const may = useMay();
  const staffing = useQuery({
    queryKey: ['staffing'],
    queryFn: ({ signal }) => answer<Staffing>(api.GET('/staffing', { signal })),
    enabled: may('map'),
    staleTime: 60_000,
  });
  return (
    <Section title={t('account.posts')}>
      {session.posts.length === 0 && <p className="soft">{t('account.noPosts')}</p>}
      {staffing.isError && <Failed cause={staffing.error} retry={() => staffing.refetch()} />}
      <ul className="my-posts">
        {session.posts.map((post) => (
          <Post
            key={`${post.post}${post.rank}`}
            post={post}
            allows={staffing.data?.kinds.find((kind) => kind.kind === post.kind)?.may}
          />
        ))}
      </ul>
      {staffing.isLoading && <Loading rows={3} />}
    </Section>
  );
}

function Post({ post, allows }: { post: Holding; allows: readonly string[] | undefined }) {
  const { t } = useTranslation();
  const nameOf = useHoldingName();
  return (
    <li>
      <div className="my-post">
        <strong>{nameOf(post)}</strong> <Duty post={post} />
      </div>
      {!post.on_duty && <p className="hint">{t('account.waitingDeputy')}</p>}
      <ul className={post.on_duty ? 'allowed' : 'allowed allowed-not-now'}>
        {PERMISSIONS.filter((permission) => allows?.includes(permission)).map((permission) => (
          <li key={permission}>
            <CheckOutlined aria-hidden="true" /> {t(`permission.${permission}`)}
          </li>
        ))}
      </ul>
    </li>
  );
}
