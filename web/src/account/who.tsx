// Who one is, as whom one works, and the way to one's own pages and out.
import { DownOutlined, LogoutOutlined } from '@ant-design/icons';
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../api/client';
import { useTitle } from '../common/format';
import { usePages } from '../page/shell';
import { keepMapAddress } from '../view/url';
import { type Holding, type Session, takeWanted, useSession } from './session';

/** initialOf is what stands for a person in a circle: the last character of a Chinese name, else the first letter. */
export function initialOf(who: Pick<Session, 'name' | 'login'>): string {
  const shown = who.name || who.login.replace(/^demo-/, '');
  const characters = [...shown];
  return (/\p{Script=Han}/u.test(shown) ? characters.at(-1) : characters[0]?.toUpperCase()) ?? '?';
}

/** useHoldingName writes a post with its area: "网格长 · 幸福里". */
export function useHoldingName(): (post: Holding) => string {
  const { t } = useTranslation();
  const title = useTitle();
  return (post) =>
    [
      title(post, post.kind),
      post.department || post.unit_name || (post.unit ? post.unit : t('who.everywhere')),
    ].join(' · ');
}

/** Who is a button with the name that opens the posts and the menu. */
export function Who({ bare = false }: { bare?: boolean }) {
  const { t } = useTranslation();
  const session = useSession().data;
  const nameOf = useHoldingName();
  const { open, setOpen, root } = useDisclosure();
  const id = useId();
  if (!session) return null;
  const onDuty = session.posts.filter((post) => post.on_duty);
  const [first] = onDuty;
  return (
    <div className={bare ? 'who who-bare' : 'who'} ref={root}>
      <button
        type="button"
        className="who-button"
        aria-expanded={open}
        aria-controls={id}
        aria-label={t('who.menu', { name: session.name || session.login })}
        onClick={() => setOpen(!open)}
      >
        <span className="who-initial" aria-hidden="true">
          {initialOf(session)}
        </span>
        {!bare && (
          <>
            <span className="who-text">
              <span className="who-name">{session.name || session.login}</span>
              <span className="who-post">
                {first ? nameOf(first) : t('who.noPost')}
                {onDuty.length > 1 && ` +${onDuty.length - 1}`}
              </span>
            </span>
            <DownOutlined aria-hidden="true" />
          </>
        )}
      </button>
      {open && (
        <div id={id} className="who-menu">
          <p className="who-login">
            <strong>{session.name || session.login}</strong>
            {session.name && <span className="soft">{session.login}</span>}
          </p>
          <ul className="who-posts">
            {session.posts.map((post) => (
              <li key={`${post.post}${post.rank}`}>
                <span>{nameOf(post)}</span>
                <Duty post={post} />
              </li>
            ))}
            {session.posts.length === 0 && <li className="soft">{t('who.noPostHint')}</li>}
          </ul>
          <Links onChosen={() => setOpen(false)} />
        </div>
      )}
    </div>
  );
}

/** Duty says whether a post is one's own or a deputy's, and whether it is one's turn. */
export function Duty({ post }: { post: Holding }) {
  const { t } = useTranslation();
  const kind = post.rank === 'A' ? 'a' : post.on_duty ? 'bOnDuty' : 'b';
  return <span className={post.on_duty ? 'duty' : 'duty duty-off'}>{t(`who.duty.${kind}`)}</span>;
}

function Links({ onChosen }: { onChosen: () => void }) {
  const { t } = useTranslation();
  const pages = usePages();
  return (
    <ul className="who-links">
      {pages.map((page) => (
        <li key={page.name}>
          <Link
            to={page.path}
            onClick={() => {
              keepMapAddress();
              onChosen();
            }}
          >
            {t(`pages.${page.name}`)}
          </Link>
        </li>
      ))}
      <li>
        <button type="button" onClick={signOut}>
          <LogoutOutlined aria-hidden="true" /> {t('who.signOut')}
        </button>
      </li>
    </ul>
  );
}

/** signOut ends the session and loads the page anew, so that nothing read stays in its memory. */
export async function signOut(): Promise<void> {
  try {
    await api.DELETE('/session');
  } finally {
    takeWanted();
    location.replace('/');
  }
}

/** useDisclosure is a small menu that closes with Escape, by a click elsewhere, or when the focus leaves. */
function useDisclosure() {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      setOpen(false);
      root.current?.querySelector('button')?.focus();
    };
    const element = root.current;
    document.addEventListener('pointerdown', outside);
    document.addEventListener('focusin', outside);
    element?.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('focusin', outside);
      element?.removeEventListener('keydown', onKey);
    };
  }, [open]);
  return { open, setOpen, root };
}
