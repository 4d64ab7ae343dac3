// My account: who I am, what my posts allow, how I sign in, where I am signed in,
// keys for programs, leave, consent.
import './account.css';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Input } from 'antd';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, done } from '../api/client';
import { Failed } from '../common/states';
import { Shell } from '../page/shell';
import { NoticeSection } from './consent';
import { DeviceSection } from './devices';
import { LeaveSection } from './leave';
import { PostSection } from './posts';
import { SecuritySection } from './security';
import { type Session, useSession } from './session';
import { SessionSection } from './sessions';
import { TokenSection } from './tokens';

export default function AccountPage() {
  const { t } = useTranslation();
  const session = useSession().data;
  if (!session) return null; // the gate lets nobody in without one
  return (
    <Shell title={t('account.title')}>
      {session.demo && <Alert type="info" showIcon title={t('account.demo')} description={<MakeReal />} />}
      <PostSection session={session} />
      {session.posts.length > 0 && <LeaveSection />}
      {!session.demo && <PersonSection session={session} />}
      {!session.demo && <SecuritySection session={session} />}
      <SessionSection />
      <DeviceSection />
      <TokenSection session={session} />
      <NoticeSection />
    </Shell>
  );
}

/** MakeReal says how the demo accounts give way to a real administrator. */
export function MakeReal() {
  const { t } = useTranslation();
  return (
    <>
      {t('demo.makeReal')} <code className="command">wangge user add NAME --administrator</code>
    </>
  );
}

/** Section is a part of the page with a heading. */
export function Section(props: { title: string; hint?: string; extra?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className="sheet" aria-labelledby={id}>
      <div className="sheet-head">
        <h2 id={id}>{props.title}</h2>
        {props.extra}
      </div>
      {props.hint && <p className="sheet-hint">{props.hint}</p>}
      {props.children}
    </section>
  );
}

function PersonSection({ session }: { session: Session }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const id = useId();
  const [name, setName] = useState(session.name);
  const [phone, setPhone] = useState(session.phone);
  const save = useMutation({
    mutationFn: () => done(api.PATCH('/account', { body: { name: name.trim(), phone: phone.trim() } })),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ['session'] });
      message.success(t('account.saved'));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Section title={t('account.person')} hint={t('account.personHint')}>
      {save.isError && <Failed cause={save.error} />}
      <form className="sheet-form" onSubmit={submit}>
        <div className="form-row">
          <label htmlFor={`${id}login`}>{t('signIn.login')}</label>
          <Input id={`${id}login`} value={session.login} readOnly variant="borderless" className="figures" />
        </div>
        <div className="form-row">
          <label htmlFor={`${id}name`}>{t('account.name')}</label>
          <Input
            id={`${id}name`}
            autoComplete="name"
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        <div className="form-row">
          <label htmlFor={`${id}phone`}>{t('account.phone')}</label>
          <Input
            id={`${id}phone`}
            type="tel"
            autoComplete="tel"
            maxLength={30}
            value={phone}
            onChange={(event) => setPhone(event.target.value)}
          />
        </div>
        <Button
          htmlType="submit"
          loading={save.isPending}
          disabled={name === session.name && phone === session.phone}
        >
          {t('common.save')}
        </Button>
      </form>
    </Section>
  );
}
