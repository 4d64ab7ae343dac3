// The frame of the pages beside the map: where one is, the way to the others, who
// one is.
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, NavLink } from 'react-router';
import { useMay } from '../account/session';
import { Who } from '../account/who';
import { DemoSeal } from '../panel/header';
import { Mark } from '../panel/mark';
import { mapAddress } from '../view/url';
import { Banners } from './banners';
import { PAGES } from './pages';
import { Appearance } from './settings';

/** Shell is a page with a heading; wide is for tables and trees, full leaves all the room to its children. */
export function Shell(props: {
  title: string;
  lead?: string;
  wide?: boolean;
  full?: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const { title } = props;
  useEffect(() => {
    document.title = `${title} · ${t('app.title')}`;
    return () => {
      document.title = t('app.title');
    };
  }, [title, t]);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t('pages.skip')}
      </a>
      <header className="shell-bar">
        <Link to={mapAddress()} className="shell-home">
          <Mark />
          <span>{t('pages.map')}</span>
        </Link>
        <Nav />
        <DemoSeal />
        <div className="shell-look">
          <Appearance />
        </div>
        <Who />
      </header>
      <Banners />
      <main id="content" className={contentClass(props)} tabIndex={-1}>
        <h1 className={props.full ? 'off-screen' : undefined}>{title}</h1>
        {props.lead && <p className="shell-lead">{props.lead}</p>}
        {props.children}
      </main>
    </div>
  );
}

const contentClass = ({ wide, full }: { wide?: boolean; full?: boolean }) =>
  full ? 'shell-content shell-full' : wide ? 'shell-content shell-wide' : 'shell-content';

function Nav() {
  const { t } = useTranslation();
  const pages = usePages();
  if (pages.length < 2) return <span className="shell-gap" />;
  return (
    <nav className="shell-nav" aria-label={t('pages.title')}>
      {pages.map((page) => (
        <NavLink key={page.name} to={page.path}>
          {t(`pages.${page.name}`)}
        </NavLink>
      ))}
    </nav>
  );
}

/** usePages are the pages that the posts of this session allow. */
export function usePages() {
  const may = useMay();
  return PAGES.filter((page) => !page.anyOf || page.anyOf.some(may));
}
