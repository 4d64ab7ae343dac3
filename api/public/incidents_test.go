package public_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"wangge/api/public"
	"wangge/api/route/routetest"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
)

// square is a town with the interface that residents have of it.
type square struct {
	*testing.T
	api   routetest.API
	owner pg.Pool
}

func newSquare(t *testing.T) square {
	dsn := pgtest.DSN(t)
	s := square{t, routetest.New(), pgtest.As(t, dsn, "")}
	public.Mount(s.api.API, s.owner, pgtest.As(t, dsn, pg.RoleEngine), pgtest.As(t, dsn, pg.RoleReader))
	units := ledgertest.Town(t, s.owner, 2)
	s.exec(`INSERT INTO publication (published_on, reason, least, published_by) VALUES (current_date, 'first', 10, 't')`)
	s.exec(`INSERT INTO published_count (publication_id, unit_id, attribute, value) VALUES (1, $1, 'households', 40)`, units[0])
	return s
}

func (s square) exec(sql string, args ...any) {
	s.Helper()
	if _, err := s.owner.Exec(s.Context(), sql, args...); err != nil {
		s.Fatalf("%s: %v", sql, err)
	}
}

func (s square) open(is bool) {
	s.Helper()
	s.api.Want(s, 200, "", "PUT", "/public/settings", object{"service": false, "map": false, "report": is})
}

// words are a report from a place of the town.
func words(x, y float64) object {
	return object{"id": uuid.New(), "category": "0102", "text": "路口有垃圾", "point": ledgertest.Degrees(x, y)}
}

// numbers are those of the list that everybody sees.
func (s square) numbers(query string) map[string]object {
	s.Helper()
	by := map[string]object{}
	for _, one := range s.api.Want(s, 200, "", "GET", "/public/incidents"+query, nil)["items"].([]any) {
		one := one.(object)
		by[one["number"].(string)] = one
	}
	return by
}

func TestReportsOfResidentsAreOffUntilTheyAreSwitchedOn(t *testing.T) {
	s := newSquare(t)
	s.open(true)
	code := s.api.Want(t, 201, "", "POST", "/public/incidents", words(0.5, 0.5))["code"].(string)
	s.open(false)
	s.api.Want(t, 403, "public_report_off", "POST", "/public/incidents", words(0.5, 0.5))
	s.api.Want(t, 403, "public_report_off", "GET", "/public/incidents", nil)
	s.api.Want(t, 403, "public_report_off", "GET", "/public/receipts/"+code, nil)
}

func TestAReportIsTakenOnceAndFollowedByItsCode(t *testing.T) {
	s := newSquare(t)
	s.open(true)
	report := words(0.5, 0.5)
	report["text"] = "楼道堆物，请打 138 1234 5678 或 11010519491231002X"
	got := s.api.Want(t, 201, "", "POST", "/public/incidents", report)
	code := got["code"].(string)
	if got["redacted"] != 2.0 || got["state"] != "received" || got["unit"] != "unit 310115001001001" {
		t.Errorf("receipt %v", got)
	}
	if again := s.api.Want(t, 201, "", "POST", "/public/incidents", report); again["code"] != code {
		t.Errorf("sent again: %v", again)
	}
	var rows int
	var text string
	if err := s.owner.QueryRow(t.Context(), `SELECT count(*), min(text) FROM incident`).Scan(&rows, &text); err != nil || rows != 1 || text != "楼道堆物，请打 *** 或 ***" {
		t.Errorf("%d reports, %q, %v", rows, text, err)
	}
	report["text"] = "别的"
	s.api.Want(t, 409, "incident_exists", "POST", "/public/incidents", report)
	for _, written := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", "%20"), strings.ReplaceAll(code, "-", "")} {
		standing := s.api.Want(t, 200, "", "GET", "/public/receipts/"+written, nil)
		if standing["number"] != got["number"] || standing["code"] != nil {
			t.Errorf("%s: %v", written, standing)
		}
	}
	for _, written := range []string{"2222-2222-2222", "%25zz", "'%20OR%201=1", strings.Repeat("2", 40)} {
		s.api.Want(t, 404, "receipt_unknown", "GET", "/public/receipts/"+written, nil)
	}

	// A program that fills in everything is told a code that leads nowhere.
	trapped := words(0.5, 0.5)
	trapped["website"] = "http://x"
	s.api.Want(t, 404, "receipt_unknown", "GET", "/public/receipts/"+s.api.Want(t, 201, "", "POST", "/public/incidents", trapped)["code"].(string), nil)
	if err := s.owner.QueryRow(t.Context(), `SELECT count(*) FROM incident`).Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d reports after the trap, %v", rows, err)
	}
}

func TestReportsThatAreRefused(t *testing.T) {
	s := newSquare(t)
	s.open(true)
	for name, tt := range map[string]struct {
		change object
		status int
		code   string
	}{
		"outside":             {object{"point": ledgertest.Degrees(9.5, 9.5)}, 404, "place_unserved"},
		"not on Earth":        {object{"point": []float64{500, 0}}, 422, "place_impossible"},
		"one number":          {object{"point": []float64{1}}, 422, "request_invalid"},
		"nowhere":             {object{"point": nil}, 422, "place_or_address"},
		"two places":          {object{"address": "和平路"}, 422, "place_or_address"},
		"an unknown street":   {object{"point": nil, "address": "无此路"}, 404, "place_unserved"},
		"a dispute":           {object{"category": "1101"}, 422, "incident_category"},
		"no class":            {object{"category": "x"}, 422, "incident_category"},
		"201 letters":         {object{"text": strings.Repeat("字", 201)}, 422, "request_invalid"},
		"an id that is none":  {object{"id": "1"}, 422, "request_invalid"},
		"what nobody asks of": {object{"name": "张三"}, 422, "request_invalid"},
	} {
		report := words(0.5, 0.5)
		for key, value := range tt.change {
			if report[key] = value; value == nil {
				delete(report, key)
			}
		}
		if status, answer := s.api.Call(t, "POST", "/public/incidents", report); status != tt.status || answer["code"] != tt.code {
			t.Errorf("%s: %d %v, want %d %s", name, status, answer, tt.status, tt.code)
		}
	}
	var rows int
	if err := s.owner.QueryRow(t.Context(), `SELECT count(*) FROM incident`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d were taken, %v", rows, err)
	}
	s.api.Want(t, 200, "", "PUT", "/public/settings", object{"service": false, "map": false, "report": true, "daily": 1})
	s.api.Want(t, 201, "", "POST", "/public/incidents", words(0.5, 0.5))
	s.api.Want(t, 429, "public_report_full", "POST", "/public/incidents", words(0.5, 0.5))
}

func TestWhatEverybodySeesOfReports(t *testing.T) {
	s := newSquare(t)
	s.open(true)
	tell := func(report object) string {
		return s.api.Want(t, 201, "", "POST", "/public/incidents", report)["number"].(string)
	}
	shown := tell(words(0.5, 0.5))
	hidden := words(0.5, 0.5)
	hidden["private"] = true
	private, few := tell(hidden), tell(words(1.5, 1.5))
	list := s.numbers("")
	if len(list) != 1 || list[shown] == nil || list[private] != nil || list[few] != nil {
		t.Errorf("shown are %v", list)
	}
	text, _ := json.Marshal(list)
	for _, no := range []string{"路口", hidden["id"].(uuid.UUID).String(), "text"} {
		if strings.Contains(string(text), no) {
			t.Errorf("shows %s: %s", no, text)
		}
	}
	for query, want := range map[string]int{
		"?category=01": 1, "?category=0102": 1, "?category=0101": 0, "?state=received": 1, "?state=closed": 0,
		"?from=2020-01-01&to=2020-02-01": 0, "?near=" + lonLat(0.6, 0.6): 1, "?near=" + lonLat(1.5, 1.5): 0, "?near=-100,0": 0,
	} {
		if got := s.numbers(query); len(got) != want {
			t.Errorf("%s shows %d, want %d", query, len(got), want)
		}
	}
	for query, code := range map[string]string{
		"?from=2020-01-01": "public_period", "?from=2026-02-01&to=2026-01-01": "public_period", "?from=x": "request_invalid",
		"?state=done": "request_invalid", "?near=1": "request_invalid", "?near=500,0": "place_impossible", "?near=NaN,0": "place_impossible",
	} {
		if status, answer := s.api.Call(t, "GET", "/public/incidents"+query, nil); status != 422 || answer["code"] != code {
			t.Errorf("%s: %d %v, want %s", query, status, answer, code)
		}
	}

	// Of a class that is closed to residents nothing is shown, and nothing taken.
	s.api.Want(t, 200, "", "PUT", "/public/incident-categories", object{"codes": []string{"01", "0101"}})
	if list := s.numbers(""); len(list) != 0 {
		t.Errorf("of a closed class: %v", list)
	}
	s.api.Want(t, 422, "incident_category", "POST", "/public/incidents", words(0.5, 0.5))
	s.api.Want(t, 422, "incident_category", "PUT", "/public/incident-categories", object{"codes": []string{"8888"}})
	if got := s.api.Want(t, 200, "", "GET", "/public/incident-categories", nil)["items"].([]any); len(got) != 2 {
		t.Errorf("classes %v", got)
	}
}

// lonLat is a place of the town in a query.
func lonLat(x, y float64) string {
	text, _ := json.Marshal(ledgertest.Degrees(x, y))
	return strings.Trim(string(text), "[]")
}
