package post_test

import (
	"testing"
	"time"

	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/staff"
)

// bigWorld is 10 towns with 25,000 units in four levels and 60,000 posts, most of
// which are held.
func bigWorld(b *testing.B) *world {
	b.Helper()
	w := newWorld(b)
	const code = `'B' || to_char(t, 'FM00')`
	for _, l := range []struct{ level, code, parent, from string }{
		{"town", code, `''`, `generate_series(1, 10) t`},
		{"village", code + ` || to_char(v, 'FM000')`, code, `generate_series(1, 10) t, generate_series(1, 15) v`},
		{"grid", code + ` || to_char(v, 'FM000') || to_char(g, 'FM000')`, code + ` || to_char(v, 'FM000')`, `generate_series(1, 10) t, generate_series(1, 15) v, generate_series(1, 15) g`},
		{"micro-grid", code + ` || to_char(v, 'FM000') || to_char(g, 'FM000') || to_char(m, 'FM000')`, code + ` || to_char(v, 'FM000') || to_char(g, 'FM000')`,
			`generate_series(1, 10) t, generate_series(1, 15) v, generate_series(1, 15) g, generate_series(1, 10) m`},
	} {
		w.exec(b, `
			WITH tree AS (SELECT `+l.code+` AS code, `+l.parent+` AS parent FROM `+l.from+`),
			made AS (INSERT INTO unit (code, preset, level) SELECT code, 'town-grid', $1 FROM tree RETURNING id, code)
			INSERT INTO boundary (unit_id, parent_id, plan_id, name, valid_from, area, label, geom)
			SELECT m.id, p.id, 1, m.code, '2026-01-01', 1, ST_SetSRID(ST_Point(115, 30), 4326), ST_Multi(ST_MakeEnvelope(115, 30, 115.1, 30.1, 4326))
			FROM made m JOIN tree USING (code) LEFT JOIN unit p ON p.code = tree.parent`, l.level)
	}
	w.exec(b, `INSERT INTO account (login) SELECT 'x' || i FROM generate_series(1, 20000) i`)
	w.exec(b, `INSERT INTO post (kind, unit_id, ordinal, valid_from)
		SELECT k.kind, u.id, 1, '2026-01-01' FROM unit u, (VALUES ('leader'), ('worker'), ('part-time-worker')) k (kind) WHERE (u.id * 7 + length(k.kind)) % 10 < 8`)
	w.exec(b, `INSERT INTO holder (post_id, rank, account_id, valid_from)
		SELECT p.id, r.rank, (SELECT min(id) FROM account) + (p.id * 2 + r.n) % 20000, '2026-02-01' FROM post p, (VALUES ('A', 0), ('B', 1)) r (rank, n) WHERE (p.id + r.n) % 4 > 0`)
	w.exec(b, `INSERT INTO absence (account_id, starts_at, ends_at, reason, recorded_by)
		SELECT id, now() - interval '1 day', now() + interval '9 days', 'leave', 'test' FROM account WHERE id % 10 = 0`)
	w.exec(b, `ANALYZE`)
	return w
}

func BenchmarkVacanciesOf25000Units(b *testing.B) {
	w := bigWorld(b)
	w.serves(b, "root", staff.Administrator, "")
	w.serves(b, "leader", staff.Leader, "B03")
	for _, who := range []string{"root", "leader"} {
		ctx, actor := w.as(b, who)
		for name, db := range map[string]pg.DB{"both walls": w.app, "first wall": w.engine} {
			b.Run(who+"/"+name+"/page", func(b *testing.B) {
				for b.Loop() {
					list, err := post.Vacancies(ctx, db, actor, post.VacancyFilter{Limit: 100})
					if err != nil || len(list) != 100 {
						b.Fatal(len(list), err)
					}
				}
			})
			b.Run(who+"/"+name+"/page of a village", func(b *testing.B) {
				for b.Loop() {
					if _, err := post.Vacancies(ctx, db, actor, post.VacancyFilter{Unit: "B03004", Limit: 100}); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(who+"/"+name+"/counts", func(b *testing.B) {
				for b.Loop() {
					if _, err := post.Counts(ctx, db, actor, post.VacancyFilter{}); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(who+"/"+name+"/posts", func(b *testing.B) {
				for b.Loop() {
					if _, err := post.List(ctx, db, actor, in(0), post.Filter{Limit: 100}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	list, err := post.Vacancies(b.Context(), w.engine, staff.Local, post.VacancyFilter{Limit: 1000})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("answers for 1000", func(b *testing.B) {
		for b.Loop() {
			if err := post.AddAnswers(b.Context(), w.engine, list, time.Now()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("answer for one", func(b *testing.B) {
		for b.Loop() {
			if err := post.AddAnswers(b.Context(), w.engine, list[:1], time.Now()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
