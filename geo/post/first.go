package post

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
)

// ResponsibleFirst returns who has a duty in a unit when some posts are asked before those
// of the unit, in their order: what answers for a road or a lamp comes before the grid.
// Unit 0, and one that is not in force then, has no line; then whoever runs the server
// answers when none of the posts does. See Responsible for who may ask.
func ResponsibleFirst(ctx context.Context, db pg.DB, posts []int64, unit int64, at time.Time) (Duty, error) {
	chain, err := holding(ctx, db, posts, at)
	if err != nil {
		return Duty{}, err
	}
	line, err := loadChains(ctx, db, []Question{{Unit: unit}}, at)
	if err != nil {
		return Duty{}, err
	}
	return OnDuty(append(chain, line[0]...), at), nil
}

// holding are posts with their holders, in the order of the ids; those that are not in
// force at the instant are left out.
func holding(ctx context.Context, db pg.DB, ids []int64, at time.Time) ([]PostState, error) {
	rows, _ := db.Query(ctx, `
		SELECT p.id, p.kind, p.ordinal, coalesce(nullif(t.title, ''), k.title_zh), coalesce(nullif(t.title, ''), k.title_en),
		       coalesce(u.code, ''), coalesce(b.name, ''),
		       a.account_id, a.login, a.disabled_on, a.begins, a.ends,
		       b2.account_id, b2.login, b2.disabled_on, b2.begins, b2.ends
		FROM unnest($1::bigint[]) WITH ORDINALITY q (id, n)
		JOIN post p ON p.id = q.id AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)
		JOIN post_kind k ON k.code = p.kind
		LEFT JOIN unit u ON u.id = p.unit_id
		LEFT JOIN boundary b ON b.unit_id = p.unit_id AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)
		LEFT JOIN LATERAL (SELECT t.title FROM post_title t WHERE t.post_id = p.id AND t.valid_from <= $2 ORDER BY t.valid_from DESC LIMIT 1) t ON true
		LEFT JOIN LATERAL (`+selectHolder+` AND h.rank = 'A') a ON true
		LEFT JOIN LATERAL (`+selectHolder+` AND h.rank = 'B') b2 ON true
		ORDER BY q.n`, ids, geo.DayOf(at), geo.DayOf(at), at)
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (p PostState, err error) {
		var a, b row
		err = r.Scan(&p.Post, &p.Kind, &p.Ordinal, &p.TitleZh, &p.TitleEn, &p.Unit, &p.UnitName,
			&a.account, &a.login, &a.disabledOn, &a.begins, &a.ends, &b.account, &b.login, &b.disabledOn, &b.begins, &b.ends)
		p.A, p.B = a.person(), b.person()
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("posts %v: %w", ids, err)
	}
	return list, nil
}
