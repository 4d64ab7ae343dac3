// What the pages of the administration share: their frame, the states of a list,
// a dialog with a form, and how a change is sent.
import { type UseQueryResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Form, Modal } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import { asProblem } from '../api/client';
import { useWords } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading, Nothing } from '../common/states';
import { type Column, DataTable } from '../common/table';
import { Shell } from '../page/shell';
import { useSections } from './sections';

/** Page is one page of the administration, in the frame that all pages share. */
export function Page(props: { title: string; lead: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <Shell title={props.title} lead={props.lead} wide>
      <Sections />
      {props.actions && <div className="admin-actions">{props.actions}</div>}
      {props.children}
    </Shell>
  );
}

/** Sections is the way to the other pages; it stands above the heading. */
function Sections() {
  const { t } = useTranslation();
  return (
    <nav className="admin-nav" aria-label={t('admin.title')}>
      {useSections().map((name) => (
        <NavLink key={name} to={`/admin/${name}`}>
          {t(`admin.section.${name}`)}
        </NavLink>
      ))}
    </nav>
  );
}

/** Shown is what a query brings, or the state it is in. */
export function Shown<T>(props: {
  query: UseQueryResult<T>;
  empty?: { when: (data: T) => boolean; title: string; text?: string };
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  const { query, empty } = props;
  if (query.isPending) return <Loading rows={props.rows ?? 5} />;
  if (query.isError && query.data === undefined) {
    return <Failed cause={query.error} retry={() => query.refetch()} />;
  }
  if (query.data === undefined) return null;
  if (empty?.when(query.data)) return <Nothing title={empty.title}>{empty.text}</Nothing>;
  return props.children(query.data);
}

/** Rows is a table of all that was read; what comes after it is read below. */
export function Rows<Row>(props: {
  label: string;
  columns: Omit<Column<Row>, 'key'>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
}) {
  return (
    <div className="admin-table">
      <DataTable
        {...props}
        columns={props.columns.map((column) => ({ ...column, key: column.title }))}
        pageSize={Math.max(1, props.rows.length)}
      />
    </div>
  );
}

/** useRefusal says a refusal in the reader's language, or as the server wrote it. */
export function useRefusal(): (cause: unknown) => string {
  const word = useWords();
  return (cause) => {
    const problem = asProblem(cause);
    const known = word('problem', problem.code);
    return [known === problem.code ? problem.message : known, problem.detail].filter(Boolean).join(' ');
  };
}

/** useChange sends a change, says that it is done or refused, and has the lists that show it read anew. */
export function useChange<In, Out>(
  send: (input: In) => Promise<Out>,
  touched: readonly string[],
  said?: string,
) {
  const client = useQueryClient();
  const { message } = App.useApp();
  const refusal = useRefusal();
  return useMutation({
    mutationFn: send,
    onSuccess: () => {
      if (said) message.success(said);
    },
    // A message is done when it goes away; the change is not to wait for that.
    onError: (cause) => void message.error(refusal(cause), 6),
    onSettled: () => {
      for (const subject of touched) client.invalidateQueries({ queryKey: [subject] });
    },
  });
}

/** FormDialog asks for what a change needs. It stays open, with the reason, when the change is refused. */
export function FormDialog<Values extends object>(props: {
  title: string;
  ok: string;
  initial?: Partial<Values>;
  send: (values: Values) => Promise<unknown>;
  touched: readonly string[];
  danger?: boolean;
  width?: number;
  onClose: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form] = Form.useForm<Values>();
  const change = useMutation({
    mutationFn: props.send,
    onSuccess: () => {
      for (const subject of props.touched) client.invalidateQueries({ queryKey: [subject] });
      props.onClose();
    },
  });
  return (
    <Modal
      open
      getContainer={overlays}
      mask={{ closable: false }}
      title={props.title}
      width={props.width}
      okText={props.ok}
      okButtonProps={{ danger: props.danger, loading: change.isPending, htmlType: 'submit' }}
      cancelText={t('common.cancel')}
      onCancel={props.onClose}
      modalRender={(dialog) => (
        <Form<Values>
          form={form}
          layout="vertical"
          requiredMark="optional"
          initialValues={props.initial as never}
          onFinish={(values) => change.mutate(values)}
        >
          {dialog}
        </Form>
      )}
    >
      {props.children}
      {change.isError && <Failed cause={change.error} />}
    </Modal>
  );
}

/** today is the day in China, where responsibilities change at midnight. */
export const today = (now = new Date()): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(now);

/** Facts are pairs of a name and a value. Pairs without a value are left out. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="admin-facts">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
