// A table as browsers know it: sorted by its headings, shown page by page.
import { CaretDownFilled, CaretUpFilled } from '@ant-design/icons';
import { Pagination } from 'antd';
import { type HTMLAttributes, type ReactNode, useMemo, useState } from 'react';

export type Column<Row> = {
  key: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** How rows compare in this column; without it the column does not sort. */
  compare?: (a: Row, b: Row) => number;
  /** Figures stand at the right. */
  figures?: boolean;
};

export type Order = { key: string; down: boolean } | null;

/** nextOrder is what a press on a heading leads to: up, then down, then as it came. */
export function nextOrder(order: Order, key: string): Order {
  if (order?.key !== key) return { key, down: false };
  return order.down ? null : { key, down: true };
}

/** sortRows sorts a copy; equal rows stay as they came. */
export function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: Order): Row[] {
  const compare = columns.find((column) => column.key === order?.key)?.compare;
  if (!order || !compare) return [...rows];
  return [...rows].sort((a, b) => (order.down ? compare(b, a) : compare(a, b)));
}

export function DataTable<Row>(props: {
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  isChosen?: (row: Row) => boolean;
  /** What else a row does, such as telling that the pointer is on it. */
  rowProps?: (row: Row) => HTMLAttributes<HTMLTableRowElement>;
  pageSize: number;
}) {
  const { columns, rows, pageSize } = props;
  const [order, setOrder] = useState<Order>(null);
  const [asked, setAsked] = useState(1);
  const sorted = useMemo(() => sortRows(rows, columns, order), [rows, columns, order]);
  const page = Math.min(asked, Math.max(1, Math.ceil(rows.length / pageSize)));
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable */}
      <section className="table-scroll" tabIndex={0} aria-label={props.label}>
        <table className="table">
          <thead>
            <tr>
              {columns.map((column) => (
                <Heading key={column.key} column={column} order={order} onOrder={setOrder} />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice((page - 1) * pageSize, page * pageSize).map((row) => (
              <tr
                key={props.rowKey(row)}
                className={props.isChosen?.(row) ? 'row-chosen' : undefined}
                {...props.rowProps?.(row)}
              >
                {columns.map((column) => (
                  <td key={column.key} className={column.figures ? 'table-figures figures' : undefined}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <Pagination
        size="small"
        hideOnSinglePage
        showSizeChanger={false}
        current={page}
        pageSize={pageSize}
        total={rows.length}
        onChange={setAsked}
      />
    </>
  );
}

function Heading<Row>(props: { column: Column<Row>; order: Order; onOrder: (order: Order) => void }) {
  const { column, order } = props;
  const sorted = order?.key === column.key ? (order.down ? 'descending' : 'ascending') : undefined;
  return (
    <th scope="col" aria-sort={sorted} className={column.figures ? 'table-figures' : undefined}>
      {column.compare ? (
        <button type="button" onClick={() => props.onOrder(nextOrder(order, column.key))}>
          {column.title}
          {sorted === 'descending' ? <CaretDownFilled aria-hidden="true" /> : null}
          {sorted === 'ascending' ? <CaretUpFilled aria-hidden="true" /> : null}
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}
