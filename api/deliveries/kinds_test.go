package deliveries_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/api/deliveries"
	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/patrol"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type object = map[string]any

func item(t *testing.T, kind string, at time.Time, body object) patrol.Item {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return patrol.Item{ID: uuid.NewString(), Kind: kind, At: at, Body: raw}
}

func TestEveryKindIsTakenOnceAndARefusedItemHarmsNoOther(t *testing.T) {
	dsn := pgtest.DSN(t)
	owner := pgtest.As(t, dsn, "")
	units := ledgertest.Town(t, owner, 2)
	engine := pgtest.As(t, dsn, pg.RoleEngine)
	ctx, actor := stafftest.Hold(t, owner, staff.Worker, units[0])
	desk := &patrol.Desk{DB: pg.NewActing(pgtest.As(t, dsn, pg.RoleApp)), Engine: engine, Kinds: deliveries.Kinds(engine), Now: time.Now}
	at := ledgertest.At(.5, .5)
	var home, elsewhere, checkpoint int64
	for n, into := range []*int64{&home, &elsewhere} {
		p := ledgertest.At(.5+float64(n), .5)
		if err := owner.QueryRow(t.Context(), `INSERT INTO household (source, source_id, address, point, cell) VALUES ('test', $1, $1, $2, $3) RETURNING id`,
			fmt.Sprint(n), p, ledger.CellOf(&p)).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Households.Assign(t.Context(), tx, []int64{home, elsewhere}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := owner.QueryRow(t.Context(), `INSERT INTO checkpoint (source, source_id, name, radius, point, unit_id) VALUES ('test', 'A', '东门', 50, $1, $2) RETURNING id`,
		at, units[0]).Scan(&checkpoint); err != nil {
		t.Fatal(err)
	}

	premises := func(name string, unit int64, inspected geo.Day) (id int64) {
		if err := owner.QueryRow(t.Context(), `INSERT INTO premises (source, source_id, name, point, unit_id, grade, reason, inspected_on, valid_until) VALUES ('test', $1, $1, $2, $3, 'red', '消防通道堵塞', $4, $4) RETURNING id`,
			name, at, unit, inspected).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	today := geo.DayOf(time.Now())
	shop, foreign, newer := premises("店", units[0], today.AddDays(-40)), premises("别处", units[1], today.AddDays(-40)), premises("新", units[0], today.AddDays(1))
	found := func(id int64, grade, reason string, until geo.Day) object {
		return object{"premises": id, "grade": grade, "reason": reason, "valid_until": until}
	}

	seen := time.Now().Add(-3 * time.Hour).UTC().Truncate(time.Second)
	place := ledgertest.Degrees(.5, .5)
	report := item(t, "incident", seen, object{"category": "0102", "at": place, "accuracy": 8.5, "text": "路口有垃圾", "private": false, "shift": uuid.NewString()})
	good := []patrol.Item{
		report,
		item(t, "step", seen.Add(time.Minute), object{"incident": report.ID, "act": "accept"}),
		item(t, "visit", seen, object{"household": home, "cadence": "grid", "outcome": "met"}),
		item(t, "refusal", seen.Add(time.Hour), object{"household": home}),
		item(t, "mark", seen, object{"checkpoint": checkpoint, "by": "gps", "at": place, "accuracy": 12}),
		item(t, "inspection", seen, found(shop, "yellow", "插座老化", today.AddDays(90))),
	}
	bad := map[string]patrol.Item{
		"incident_personal":  item(t, "incident", seen, object{"category": "0102", "at": place, "text": "电话 13812345678"}),
		"incident_category":  item(t, "incident", seen, object{"category": "8888", "at": place}),
		"place_impossible":   item(t, "incident", seen, object{"category": "0102", "at": []float64{121.5, 391.5}}),
		"incident_unknown":   item(t, "step", seen, object{"incident": uuid.NewString(), "act": "accept"}),
		"visit_outcome":      item(t, "visit", seen, object{"household": home, "cadence": "grid", "outcome": "angry"}),
		"visit_household":    item(t, "visit", seen, object{"household": elsewhere, "cadence": "grid", "outcome": "met"}),
		"household_unknown":  item(t, "refusal", seen, object{"household": elsewhere}),
		"checkpoint_way":     item(t, "mark", seen, object{"checkpoint": checkpoint, "by": "gps"}),
		"checkpoint_unknown": item(t, "mark", seen, object{"checkpoint": 404, "by": "gps", "at": place}),
		"premises_unknown":   item(t, "inspection", seen, found(foreign, "green", "", today.AddDays(90))),
		"premises_finding":   item(t, "inspection", seen, found(newer, "green", "", today.AddDays(90))), // there is a later one
		"item_body":          item(t, "visit", seen, object{"household": "seven"}),
		"item_kind_unknown":  item(t, "gossip", seen, object{}),
	}
	why := map[string]string{}
	batch := slices.Clone(good)
	for code, i := range bad {
		batch, why[i.ID] = append(batch, i), code
	}
	for round := range 4 {
		if round > 0 { // shuffled, but for the report before its step: a step on what is not there is refused
			rand.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
		}
		got, err := desk.Deliver(ctx, actor, patrol.Delivery{Device: uuid.NewString(), SentAt: time.Now(), Items: batch})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got.Items {
			want := patrol.Known
			switch {
			case why[r.ID] != "":
				want = patrol.Refused
			case round == 0:
				want = patrol.Stored
			}
			var code string
			if f := fault.Of(r.Err); f != nil {
				code = f.Code
			}
			if r.State != want || code != why[r.ID] {
				t.Errorf("round %d: %s is %s because of %q (%v), not %s because of %q", round, r.ID, r.State, code, r.Err, want, why[r.ID])
			}
		}
	}
	for what, of := range map[string]struct {
		sql  string
		want int
	}{
		"incidents, where they were seen and when, accepted": {`SELECT count(*) FROM incident WHERE EXISTS (SELECT FROM incident_unit o WHERE o.incident_id = incident.id AND o.valid_to IS NULL) AND reported_at BETWEEN $1::timestamptz - interval '5 seconds' AND $1::timestamptz + interval '5 seconds' AND state = 'accepted' AND text <> ''`, 1},
		"steps, each by a post":                              {`SELECT count(*) FROM incident_step WHERE $1::timestamptz IS NOT NULL AND post_id IS NOT NULL`, 2},
		"visits":                                             {`SELECT count(*) FROM visit WHERE device_at = $1`, 1},
		"households that want no visits":                     {`SELECT count(*) FROM visit_refusal WHERE $1::timestamptz IS NOT NULL`, 1},
		"refusals in the log, each once":                     {`SELECT count(*) FROM audit WHERE $1::timestamptz IS NOT NULL AND action = 'refuse-visits'`, 1},
		"findings, on the day they were made":                {`SELECT count(*) FROM premises WHERE grade = 'yellow' AND reason = '插座老化' AND inspected_on = ($1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date AND valid_until > inspected_on + 80`, 1},
		"findings that were refused":                         {`SELECT count(*) FROM premises WHERE $1::timestamptz IS NOT NULL AND grade <> 'yellow' AND reason <> '消防通道堵塞'`, 0},
		"inspections in the log, each once":                  {`SELECT count(*) FROM audit WHERE $1::timestamptz IS NOT NULL AND action = 'inspect'`, 1},
		"marks":                                              {`SELECT count(*) FROM checkpoint_mark WHERE device_at = $1 AND flags = '{}'`, 1},
	} {
		var n int
		if err := owner.QueryRow(t.Context(), of.sql, seen).Scan(&n); err != nil || n != of.want {
			t.Errorf("%s: %d, not %d (%v)", what, n, of.want, err)
		}
	}
}
