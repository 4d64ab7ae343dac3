package post

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Question asks who is responsible in a unit.
type Question struct {
	Unit int64
	Kind staff.Kind // posts of this kind are asked first; "" = those that answer for the unit
}

// Responsible returns who has a duty in a unit at an instant, and why. It looks
// above the unit, also where the one who asks may not: run it as the engine, after
// it is clear that they may see the unit. ErrUnknownUnit when the unit is not in
// force then.
func Responsible(ctx context.Context, db pg.DB, unit int64, kind staff.Kind, at time.Time) (Duty, error) {
	list, err := ResponsibleAll(ctx, db, []Question{{unit, kind}}, at)
	if err != nil {
		return Duty{}, err
	}
	if list[0].Steps == nil {
		return Duty{}, fmt.Errorf("who is responsible in unit %d: %w", unit, grid.ErrUnknownUnit)
	}
	return list[0], nil
}

// ResponsibleAll answers many questions with one statement, in their order. The
// answer for a unit that is not in force is the zero Duty.
func ResponsibleAll(ctx context.Context, db pg.DB, questions []Question, at time.Time) ([]Duty, error) {
	chains, err := loadChains(ctx, db, questions, at)
	if err != nil {
		return nil, err
	}
	list := make([]Duty, len(questions))
	for i, chain := range chains {
		if chain != nil {
			list[i] = OnDuty(chain, at)
		}
	}
	return list, nil
}

// loadChains reads for every question the posts to be asked, in order:
//
//  1. those of the kind asked for, in the unit itself;
//  2. those that answer for the unit by the template of its level (leads), and so
//     for every unit above it, as the units were on that day;
//  3. the backstop: the post that is named, then the administrators of the units
//     above, the nearest first, then those of the whole installation.
//
// Posts of one kind in one unit are asked by their number. A level without a
// template is led by a leader.
func loadChains(ctx context.Context, db pg.DB, questions []Question, at time.Time) ([][]PostState, error) {
	units, kinds := make([]int64, len(questions)), make([]string, len(questions))
	for i, q := range questions {
		units[i], kinds[i] = q.Unit, string(q.Kind)
	}
	rows, _ := db.Query(ctx, `
		WITH RECURSIVE up AS (
			SELECT q.n, q.kind AS asked, b.unit_id, b.parent_id, u.code, u.level, b.name, 0 AS step
			FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY q (unit, kind, n)
			JOIN boundary b ON b.unit_id = q.unit AND b.valid_from <= $3 AND (b.valid_to IS NULL OR b.valid_to > $3)
			JOIN unit u ON u.id = b.unit_id
			UNION ALL
			SELECT up.n, up.asked, b.unit_id, b.parent_id, u.code, u.level, b.name, up.step + 1
			FROM up JOIN boundary b ON b.unit_id = up.parent_id AND b.valid_from <= $3 AND (b.valid_to IS NULL OR b.valid_to > $3)
			JOIN unit u ON u.id = b.unit_id
			WHERE up.step < 20),
		rung AS (
			SELECT n, step, -1 AS turn, unit_id, code, level, name, asked AS kind, false AS backstop, NULL::bigint AS only
			FROM up WHERE step = 0 AND asked <> ''
			UNION ALL
			SELECT up.n, up.step, coalesce(k.rank, 0), up.unit_id, up.code, up.level, up.name, coalesce(s.kind, 'leader'), false, NULL
			FROM up
			LEFT JOIN staffing s ON s.level = up.level AND s.leads
			LEFT JOIN post_kind k ON k.code = s.kind
			WHERE NOT (up.step = 0 AND up.asked = coalesce(s.kind, 'leader'))
			UNION ALL
			SELECT up.n, 30, 0, p.unit_id, coalesce(u.code, ''), u.level,
			       coalesce((SELECT b.name FROM boundary b WHERE b.unit_id = p.unit_id ORDER BY b.valid_from DESC LIMIT 1), ''), p.kind, true, p.id
			FROM up, post p LEFT JOIN unit u ON u.id = p.unit_id
			WHERE up.step = 0 AND p.id = (SELECT nullif(s.value #>> '{}', '')::bigint FROM setting s WHERE s.key = 'backstop')
			UNION ALL
			SELECT n, 40 + step, 0, unit_id, code, level, name, 'administrator', true, NULL FROM up
			UNION ALL
			SELECT n, 99, 0, NULL, '', NULL, '', 'administrator', true, NULL FROM up WHERE step = 0)
		SELECT r.n, r.backstop, r.code, r.name, coalesce(p.id, 0), r.kind, coalesce(p.ordinal, 0),
		       coalesce(nullif(t.title, ''), CASE WHEN r.kind = 'leader' THEN nullif(l.post_zh, '') END, k.title_zh),
		       coalesce(nullif(t.title, ''), CASE WHEN r.kind = 'leader' THEN nullif(l.post_en, '') END, k.title_en),
		       a.account_id, a.login, a.disabled_on, a.begins, a.ends,
		       b.account_id, b.login, b.disabled_on, b.begins, b.ends
		FROM rung r
		JOIN post_kind k ON k.code = r.kind
		LEFT JOIN level l ON l.code = r.level
		LEFT JOIN post p ON p.kind = r.kind AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to > $3)
		     AND coalesce(p.unit_id, 0) = coalesce(r.unit_id, 0)
		     AND (r.only IS NULL OR p.id = r.only)
		LEFT JOIN LATERAL (SELECT t.title FROM post_title t WHERE t.post_id = p.id AND t.valid_from <= $3 ORDER BY t.valid_from DESC LIMIT 1) t ON true
		LEFT JOIN LATERAL (`+selectHolder+` AND h.rank = 'A') a ON true
		LEFT JOIN LATERAL (`+selectHolder+` AND h.rank = 'B') b ON true
		WHERE NOT r.backstop OR p.id IS NOT NULL
		ORDER BY r.n, r.step, r.turn, p.ordinal, p.id`, units, kinds, geo.DayOf(at), at)
	defer rows.Close()
	chains := make([][]PostState, len(questions))
	for rows.Next() {
		var n int
		var p PostState
		var a, b row
		err := rows.Scan(&n, &p.Backstop, &p.Unit, &p.UnitName, &p.Post, &p.Kind, &p.Ordinal, &p.TitleZh, &p.TitleEn,
			&a.account, &a.login, &a.disabledOn, &a.begins, &a.ends, &b.account, &b.login, &b.disabledOn, &b.begins, &b.ends)
		if err != nil {
			return nil, fmt.Errorf("who is responsible: %w", err)
		}
		p.A, p.B = a.person(), b.person()
		named := func(other PostState) bool { return other.Backstop && other.Post == p.Post } // and an administrator's
		if !p.Backstop || !slices.ContainsFunc(chains[n-1], named) {
			chains[n-1] = append(chains[n-1], p)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("who is responsible: %w", err)
	}
	return chains, nil
}

// selectHolder reads a holder of the post p on the day $3 with the absences that
// are not over at the instant $4.
const selectHolder = `
	SELECT h.account_id, c.login, c.disabled_on,
	       ARRAY(SELECT x.starts_at FROM absence x WHERE x.account_id = c.id AND (x.ends_at IS NULL OR x.ends_at > $4) ORDER BY x.starts_at) AS begins,
	       ARRAY(SELECT x.ends_at FROM absence x WHERE x.account_id = c.id AND (x.ends_at IS NULL OR x.ends_at > $4) ORDER BY x.starts_at) AS ends
	FROM holder h JOIN account c ON c.id = h.account_id
	WHERE h.post_id = p.id AND h.valid_from <= $3 AND (h.valid_to IS NULL OR h.valid_to > $3)`

// row is a holder as it comes from the database; all null when there is none.
type row struct {
	account    *int64
	login      *string
	disabledOn *time.Time
	begins     []time.Time
	ends       []*time.Time
}

func (r row) person() *Person {
	if r.account == nil {
		return nil
	}
	p := &Person{Account: *r.account, Login: *r.login, DisabledOn: r.disabledOn}
	for i := range r.begins {
		p.Absences = append(p.Absences, Span{r.begins[i], r.ends[i]})
	}
	return p
}

// ErrBackstop means that a post cannot be the backstop.
var ErrBackstop = fault.New(fault.Invalid, "backstop_unknown", "The backstop is a post that is there now. GET /api/v1/posts lists them.")

// Backstop returns the post that is named as backstop; 0 = any administrator.
func Backstop(ctx context.Context, db pg.DB, _ staff.Actor) (id int64, err error) {
	err = db.QueryRow(ctx, `SELECT coalesce(nullif(value #>> '{}', ''), '0')::bigint FROM setting WHERE key = 'backstop'`).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("backstop: %w", err)
	}
	return id, nil
}

// SetBackstop names the post that answers when nobody in a unit's line does; 0 =
// any administrator. It holds everywhere, so actor decides on settings everywhere.
func SetBackstop(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	if err := everywhere(actor, staff.Setting); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		value := ""
		if id != 0 {
			p, err := find(ctx, tx, actor, grid.Today(), id)
			if errors.Is(err, ErrUnknownPost) || err == nil && p.ValidTo != nil && !grid.Today().Before(*p.ValidTo) {
				return ErrBackstop
			}
			if err != nil {
				return err
			}
			value = strconv.FormatInt(id, 10)
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO setting (key, value) VALUES ('backstop', to_jsonb($1::text))
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, value)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "change", "setting", "backstop", map[string]any{"post": id})
	})
	if err != nil {
		return fmt.Errorf("name the backstop: %w", err)
	}
	return nil
}

// everywhere returns nil when actor may do p in the whole installation.
func everywhere(actor staff.Actor, p staff.Permission) error {
	if err := actor.Must(p); err != nil {
		return err
	}
	if !actor.Area(p).All {
		return staff.ErrOutside
	}
	return nil
}
