package public_test

import (
	"encoding/json"
	"testing"
	"time"

	"wangge/api/public"
	"wangge/api/route"
	"wangge/api/route/routetest"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type object = map[string]any

// The whole way, with the database role that reads for the public: off, on, asked.
func TestWhoServesAPlace(t *testing.T) {
	dsn := pgtest.DSN(t)
	db, reader := pgtest.As(t, dsn, ""), pgtest.As(t, dsn, pg.RoleReader)
	ledgertest.Town(t, db, 2)
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	at := ledgertest.Degrees(0.5, 0.5)
	exec(`INSERT INTO network_import (file_name, sha256, attribution, current, imported_by) VALUES ('a', 'a', '', true, 't')`)
	exec(`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, name, tags, geom) VALUES
		(1, 'street', 'w', 1, 'residential', '和平路', '{}', ST_SetSRID(ST_MakeLine(ST_MakePoint($1::float8 - 0.0001, $2), ST_MakePoint($1::float8 + 0.0001, $2)), 4326)),
		(1, 'building', 'w', 2, 'residential', '', '{"addr:street": "和平路", "addr:housenumber": "12"}', ST_SetSRID(ST_Buffer(ST_MakePoint($3, $4), 0.00001), 4326))`,
		at[0], at[1], ledgertest.Degrees(1.5, 0.5)[0], ledgertest.Degrees(1.5, 0.5)[1])
	exec(`INSERT INTO household (source, source_id, address, doorplate, point, cell) VALUES ('t', '1', '秘密巷77号', '77号', ST_SetSRID(ST_MakePoint($1, $2), 4326), 1)`, at[0], at[1])
	exec(`WITH p AS (INSERT INTO service_point (source, source_id, name, tier, point, cell)
			VALUES ('t', '1', '第一站', 'station', ST_SetSRID(ST_MakePoint($1::float8, $2::float8 + 0.001), 4326), 1) RETURNING id),
		s AS (INSERT INTO service_point_state (service_point_id, state, valid_from) SELECT id, 'active', '2024-01-01' FROM p)
		INSERT INTO service_point_function (service_point_id, function, hours) SELECT id, 'medical', 'Mo-Fr 09:00-17:00' FROM p`, at[0], at[1])

	api := routetest.New()
	public.Mount(api.API, db, db, reader)

	// Off until it is switched on; the map not without its review number.
	if got := api.Want(t, 200, "", "GET", "/public/settings", nil); got["service"] != false || got["map"] != false {
		t.Errorf("at first %v is public", got)
	}
	api.Want(t, 403, "public_service_off", "POST", "/public/serves", object{"point": at})
	api.Want(t, 409, "review_number_missing", "PUT", "/public/settings", object{"service": true, "map": true})
	if got := api.Want(t, 200, "", "PUT", "/public/settings", object{"service": true, "map": false}); got["service"] != true || got["map"] != false {
		t.Errorf("then %v is public", got)
	}
	exec(`UPDATE setting SET value = '"浙S(2026)1号"' WHERE key = 'review_number'`)
	if got := api.Want(t, 200, "", "PUT", "/public/settings", object{"service": true, "map": true}); got["map"] != true || got["review_number"] != "浙S(2026)1号" {
		t.Errorf("then %v is public", got)
	}
	exec(`UPDATE setting SET value = '""' WHERE key = 'review_number'`)
	if got := api.Want(t, 200, "", "GET", "/public/settings", nil); got["map"] != false {
		t.Error("the map is public without its review number")
	}

	first := func(answer object) object { return answer["units"].([]any)[0].(object) }
	answer := api.Want(t, 200, "", "POST", "/public/serves", object{"point": at})
	unit := first(answer)
	if unit["code"] != "310115001001001" || unit["post_zh"] == "" || len(unit["parents"].([]any)) == 0 || unit["office"] != nil {
		t.Errorf("served by %v", unit)
	}
	nearest := answer["nearest"].([]any)[0].(object)
	if nearest["function"] != "medical" || nearest["name"] != "第一站" || nearest["metres"].(float64) < 105 || nearest["metres"].(float64) > 117 {
		t.Errorf("nearest is %v, want 111 m", nearest)
	}

	// The office of the nearest unit above counts, until there is an own one.
	parent := unit["parents"].([]any)[len(unit["parents"].([]any))-1].(object)["code"].(string)
	office := object{"phone": "021-12345678", "address": "某路1号", "hours": "Mo-Fr 09:00-17:00", "supervision_phone": "12345"}
	api.Want(t, 200, "", "PUT", "/units/"+parent+"/office", office)
	got := first(api.Want(t, 200, "", "POST", "/public/serves", object{"point": at}))["office"].(object)
	if got["phone"] != "021-12345678" || got["unit"] != parent || got["supervision_phone"] != "12345" {
		t.Errorf("office %v", got)
	}
	own := object{"phone": "1", "address": "", "hours": "", "supervision_phone": ""}
	if got := api.Want(t, 200, "", "PUT", "/units/310115001001001/office", own); got["unit"] != "310115001001001" {
		t.Errorf("own office %v", got)
	}
	own["phone"] = ""
	if got := api.Want(t, 200, "", "PUT", "/units/310115001001001/office", own); got["unit"] != parent {
		t.Errorf("after removing the own one: %v", got)
	}
	api.Want(t, 404, "unit_unknown", "PUT", "/units/nothing/office", office)

	// Addresses are those of the open map; what households there are makes no difference.
	if got := api.Want(t, 200, "", "POST", "/public/serves", object{"address": "某镇 和平路 30 号"}); got["found"] != "和平路" || first(got)["code"] != "310115001001001" {
		t.Errorf("a street: %v", got)
	}
	if got := api.Want(t, 200, "", "POST", "/public/serves", object{"address": "和平路12号301室"}); got["found"] != "和平路12" || first(got)["code"] == "310115001001001" {
		t.Errorf("a numbered building: %v", got)
	}
	var times [2]time.Duration
	var bodies [2]string
	for i, address := range []string{"秘密巷77号", "秘密巷78号"} { // a household, and none
		start := time.Now()
		text, err := json.Marshal(api.Want(t, 404, "place_unserved", "POST", "/public/serves", object{"address": address}))
		if err != nil {
			t.Fatal(err)
		}
		times[i], bodies[i] = time.Since(start), string(text)
	}
	if bodies[0] != bodies[1] {
		t.Errorf("a household's address is answered with %s, another with %s", bodies[0], bodies[1])
	}
	for _, took := range times {
		if took < route.AnswerTime {
			t.Errorf("answered after %v, before all others are", took)
		}
	}

	api.Want(t, 404, "place_unserved", "POST", "/public/serves", object{"point": []float64{-100, 0}})
	api.Want(t, 422, "place_impossible", "POST", "/public/serves", object{"point": []float64{500, 0}})
	api.Want(t, 422, "place_or_address", "POST", "/public/serves", object{})
	api.Want(t, 422, "place_or_address", "POST", "/public/serves", object{"point": at, "address": "和平路"})
	api.Want(t, 404, "place_unserved", "POST", "/public/serves", object{"address": "'; DROP TABLE unit; -- %_\\"})

	// Nothing of the questions is in the log.
	var traces int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE detail::text LIKE '%和平路%' OR detail::text LIKE '%秘密巷%'`).Scan(&traces); err != nil || traces != 0 {
		t.Errorf("%d rows of the log carry an address, %v", traces, err)
	}
}
