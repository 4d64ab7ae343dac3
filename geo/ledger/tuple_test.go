package ledger

import (
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/pg/pgtest"
)

func TestTuplesAreWhatTheDatabaseReads(t *testing.T) {
	tx := pgtest.Tx(t)
	if _, err := tx.Exec(t.Context(), `
		CREATE TEMP TABLE every (id bigint, a text, b smallint, c integer, d bigint, e boolean, f date, g timestamptz,
			h text[], i geometry(Point, 4326), j text[], k smallint) ON COMMIT DROP`); err != nil {
		t.Fatal(err)
	}
	day, err := geo.ParseDay("1999-12-31")
	if err != nil {
		t.Fatal(err)
	}
	two, yes, now := int16(-2), true, time.Date(2024, 4, 5, 6, 7, 8, 9000, time.UTC)
	place := geo.Snap(orb.Point{121.5600001, 31.1300009})
	c := newCopyStream(0)
	row := c.begin()
	row.Int8(7)
	row.Text("康桥 'x'")
	row.Int2(&two)
	row.Int4From2(&two)
	row.Int8(-1 << 62)
	row.Bool(&yes)
	row.Day(day)
	row.Instant(&now)
	row.Texts([]string{"社保", "", `a"b`})
	row.Point(&place)
	row.Texts(nil)
	row.Int2(nil)
	c.end(row)
	abandoned := c.begin()
	abandoned.Text("never sent")
	if err := c.sendIfAny(t.Context(), tx, "every", []string{"id", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		id, d int64
		a     string
		b, c  int
		e     bool
		f     geo.Day
		g     time.Time
		h, j  []string
		i     geo.Point
		k     *int
	}
	err = tx.QueryRow(t.Context(), `SELECT * FROM every`).Scan(&got.id, &got.a, &got.b, &got.c, &got.d, &got.e, &got.f, &got.g, &got.h, &got.i, &got.j, &got.k)
	if err != nil {
		t.Fatal(err)
	}
	if got.id != 7 || got.a != "康桥 'x'" || got.b != -2 || got.c != -2 || got.d != -1<<62 || !got.e || got.f.String() != "1999-12-31" ||
		!got.g.Equal(now) || len(got.h) != 3 || got.h[2] != `a"b` || got.i != place || len(got.j) != 0 || got.k != nil {
		t.Errorf("read back %+v", got)
	}
}

func TestPointsAreReadAsTheyWereWritten(t *testing.T) {
	for _, p := range []geo.Point{{}, {X: 1_215_600_001, Y: 311_300_009}, {X: -1_800_000_000, Y: -900_000_000}, {X: 1, Y: -1}} {
		var row Tuple
		row.Point(&p)
		if got, err := readPoint(row.buf[4:]); err != nil || got != p {
			t.Errorf("%v was read as %v, %v", p, got, err)
		}
	}
	if _, err := readPoint([]byte("not a point")); err == nil {
		t.Error("nonsense was read as a point")
	}
}
