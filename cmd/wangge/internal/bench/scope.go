package bench

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// scope measures what the two walls cost: the same questions by a grid worker and
// by the planner of the town through both, and by the owner through none.
func scope() Benchmark {
	return Benchmark{
		Name:  "scope",
		About: "look-ups and lists behind both walls, against the owner without any",
		Run:   runScope,
	}
}

// asked is how often each question is asked for one measure.
const asked = 200

// person is who asks.
type person struct {
	name  string
	actor staff.Actor
	db    pg.DB
	ctx   context.Context
}

func runScope(ctx context.Context, lab Lab) ([]Row, error) {
	b, err := newImportBench(ctx, lab, newCounty(lab.Scale.Side), lab.Scale.Publish)
	if err != nil {
		return nil, err
	}
	defer b.close()
	lab.Say("scope: bringing in %s", b.data)
	if _, err := b.first(ctx); err != nil {
		return nil, err
	}
	if err := b.settle(ctx, `ANALYZE`); err != nil {
		return nil, err
	}
	app, err := asRole(ctx, b.pool, pg.RoleApp)
	if err != nil {
		return nil, err
	}
	defer app.Close()
	owner := person{"owner", staff.Local, b.pool, ctx}
	worker, code, err := newcomer(ctx, b.pool, app, "worker", `(SELECT u.id FROM unit u WHERE u.level = 'micro-grid' ORDER BY u.code LIMIT 1)`)
	if err != nil {
		return nil, err
	}
	planner, _, err := newcomer(ctx, b.pool, app, "planner", `(SELECT u.id FROM unit u WHERE u.level = 'town')`)
	if err != nil {
		return nil, err
	}
	var id int64
	var at geo.Point
	err = b.pool.QueryRow(ctx, `
		SELECT h.id, h.point FROM household h JOIN household_unit o ON o.household_id = h.id JOIN unit u ON u.id = o.unit_id
		WHERE u.code = $1 AND o.valid_to IS NULL ORDER BY h.id LIMIT 1`, code).Scan(&id, &at)
	if err != nil {
		return nil, err
	}
	m, err := newMeter(ctx, b.pool)
	if err != nil {
		return nil, err
	}
	today := grid.Today()
	var rows []Row
	for _, q := range []struct {
		name string
		who  person
		ask  func(person) error
	}{
		{"scope-unit-of-a-place", worker, func(p person) error {
			_, ok, err := grid.At(p.ctx, p.db, p.actor, today, at)
			return found(ok, err)
		}},
		{"scope-household", worker, func(p person) error { _, err := household.Get(p.ctx, p.db, p.actor, id); return err }},
		{"scope-grid-list", worker, func(p person) error {
			list, err := household.List(p.ctx, p.db, p.actor, household.Filter{Unit: code, Limit: 100})
			return found(len(list) > 0, err)
		}},
		{"scope-town-page", planner, func(p person) error {
			list, err := household.List(p.ctx, p.db, p.actor, household.Filter{After: id, Limit: 100})
			return found(len(list) == 100, err)
		}},
		{"scope-units-page", planner, func(p person) error {
			list, err := grid.Units(p.ctx, p.db, p.actor, today, grid.Filter{Level: "micro-grid", Limit: 50})
			return found(len(list) > 0, err)
		}},
	} {
		times := asked
		if q.name == "scope-town-page" {
			times = max(asked/20, 1)
		}
		many := func(p person) (cost, error) {
			return m.measure(func() error {
				for range times {
					if err := q.ask(p); err != nil {
						return fmt.Errorf("%s by the %s: %w", q.name, p.name, err)
					}
				}
				return nil
			})
		}
		if _, err := many(q.who); err != nil { // plans and caches of a first time
			return nil, err
		}
		ours, err := many(q.who)
		if err != nil {
			return nil, err
		}
		peer, err := many(owner)
		if err != nil {
			return nil, err
		}
		each := func(c cost) float64 { return c.wall.Seconds() * 1000 / float64(times) }
		rows = append(rows, less(q.name, each(ours), each(peer), "ms", b.data).of(ours, peer).
			note("by the %s through both walls; the peer is the same function called by the owner of the database", q.who.name))
	}
	return rows, nil
}

func found(ok bool, err error) error {
	if err == nil && !ok {
		err = fmt.Errorf("nothing was found")
	}
	return err
}

// newcomer makes an account with one post.
func newcomer(ctx context.Context, owner, app *pgxpool.Pool, kind, unit string) (p person, code string, err error) {
	var account int64
	err = owner.QueryRow(ctx, `
		WITH c AS (INSERT INTO account (login) VALUES ($1) RETURNING id),
		p AS (INSERT INTO post (kind, unit_id) VALUES ($1, `+unit+`) RETURNING id, unit_id),
		h AS (INSERT INTO holder (post_id, rank, account_id) SELECT p.id, 'A', c.id FROM p, c)
		SELECT c.id, u.code FROM c, p JOIN unit u ON u.id = p.unit_id`, kind).Scan(&account, &code)
	if err != nil {
		return person{}, "", fmt.Errorf("a %s: %w", kind, err)
	}
	actor, err := staff.Load(ctx, owner, account)
	return person{kind, actor, pg.NewActing(app), pg.WithAccount(ctx, strconv.FormatInt(account, 10))}, code, err
}

// asRole is a pool on the same database whose connections take on a role.
func asRole(ctx context.Context, pool *pgxpool.Pool, role string) (*pgxpool.Pool, error) {
	config := pool.Config()
	config.ConnConfig.RuntimeParams["role"] = role
	return pgxpool.NewWithConfig(ctx, config)
}
