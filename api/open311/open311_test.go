package open311_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"wangge/api/open311"
	"wangge/geo/cell"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// city is the interface over a town of four units, of which the first is shown.
type city struct {
	*testing.T
	app   *fiber.App
	owner pg.Pool
}

func newCity(t *testing.T) city {
	dsn := pgtest.DSN(t)
	c := city{t, fiber.New(fiber.Config{Immutable: true, ErrorHandler: open311.Refuse}), pgtest.As(t, dsn, "")}
	open311.Mount(c.app, pgtest.As(t, dsn, pg.RoleEngine), pgtest.As(t, dsn, pg.RoleReader))
	units := ledgertest.Town(t, c.owner, 2)
	c.exec(`UPDATE setting SET value = '"true"' WHERE key = 'public_report'`)
	c.exec(`INSERT INTO publication (published_on, reason, least, published_by) VALUES (current_date, 'first', 10, 't')`)
	c.exec(`INSERT INTO published_count (publication_id, unit_id, attribute, value) VALUES (1, $1, 'households', 40)`, units[0])
	return c
}

func (c city) exec(sql string, args ...any) {
	c.Helper()
	if _, err := c.owner.Exec(c.Context(), sql, args...); err != nil {
		c.Fatalf("%s: %v", sql, err)
	}
}

// ask sends a form, or asks where there is none, and returns the answer's body.
func (c city) ask(status int, path string, form url.Values) string {
	c.Helper()
	return c.send(status, open311.Prefix+path, form)
}

// send is ask with the whole path.
func (c city) send(status int, path string, form url.Values) string {
	c.Helper()
	req := httptest.NewRequest("GET", path, nil)
	if form != nil {
		req = httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.app.Test(req, int(time.Minute.Milliseconds()))
	if err != nil {
		c.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		c.Errorf("%s %s = %d, %v; want %d: %s", req.Method, path, res.StatusCode, err, status, body)
	}
	want := "application/json; charset=utf-8"
	if strings.Contains(path, ".xml") {
		want = "text/xml; charset=utf-8"
	}
	if got := res.Header.Get("Content-Type"); got != want || res.Header.Get("Cache-Control") != "no-store" {
		c.Errorf("%s is %s, kept %q", path, got, res.Header.Get("Cache-Control"))
	}
	return string(body)
}

// list decodes an answer in JSON.
func (c city) list(status int, path string, form url.Values) (list []map[string]any) {
	c.Helper()
	body := c.ask(status, path, form)
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		c.Fatalf("%s: %v: %s", path, err, body)
	}
	return list
}

// form is a report from a place of the town.
func form(x, y float64, more ...string) url.Values {
	at := ledgertest.Degrees(x, y)
	f := url.Values{"service_code": {"0102"}, "lat": {fmt.Sprint(at[1])}, "long": {fmt.Sprint(at[0])}, "description": {"路口有垃圾"}}
	for i := 0; i < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

func (c city) number(f url.Values) string {
	c.Helper()
	return c.list(http.StatusCreated, "/requests.json", f)[0]["service_request_id"].(string)
}

// The fields that the specification names, all of them, whether there is anything in them.
var fields = []string{"service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible", "service_notice",
	"requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url"}

func TestServicesAreThoseOfWhichResidentsReport(t *testing.T) {
	c := newCity(t)
	list := c.list(200, "/services.json?jurisdiction_id=x&api_key=y", nil)
	by := map[any]map[string]any{}
	for _, one := range list {
		by[one["service_code"]] = one
		if one["type"] != "realtime" || one["metadata"] != false || one["service_name"] == "" {
			t.Errorf("service %v", one)
		}
	}
	if by["0102"] == nil || by["0102"]["group"] == "" || by["01"] != nil || by["1101"] != nil {
		t.Errorf("0102 is %v, its large class %v, disputes %v", by["0102"], by["01"], by["1101"])
	}
	var doc struct {
		XMLName  xml.Name `xml:"services"`
		Services []struct {
			Code     string `xml:"service_code"`
			Metadata string `xml:"metadata"`
		} `xml:"service"`
	}
	body := c.ask(200, "/services.xml", nil)
	if err := xml.Unmarshal([]byte(body), &doc); err != nil || len(doc.Services) != len(list) || doc.Services[0].Metadata != "false" || !strings.HasPrefix(body, `<?xml version="1.0" encoding="UTF-8"?>`) {
		t.Errorf("%d services in XML, %d in JSON, %v: %.200s", len(doc.Services), len(list), err, body)
	}

	// None asks more than its place and words.
	if got := c.ask(200, "/services/0102.json", nil); got != `{"service_code":"0102","attributes":[]}` {
		t.Errorf("definition %s", got)
	}
	if got := c.ask(200, "/services/0102.xml", nil); !strings.HasSuffix(got, `<service_definition><service_code>0102</service_code><attributes></attributes></service_definition>`) {
		t.Errorf("definition %s", got)
	}
	for _, code := range []string{"1101", "01", "x"} {
		c.ask(404, "/services/"+code+".json", nil)
	}
}

func TestARequestIsReportedAndShown(t *testing.T) {
	c := newCity(t)
	answer := c.list(http.StatusCreated, "/requests.json", form(0.5, 0.5, "description", "垃圾，请打 13812345678", "phone", "13900000000", "first_name", "张", "email", "a@b.c", "device_id", "d", "media_url", "http://x/y.jpg"))
	one := answer[0]
	notice, _ := one["service_notice"].(string)
	if id, has := one["account_id"]; len(answer) != 1 || !has || id != nil || !strings.Contains(notice, "receipt code") || !strings.Contains(notice, "were taken out") || one["token"] != nil {
		t.Errorf("answered %v", answer)
	}
	number := one["service_request_id"].(string)
	var text string
	if err := c.owner.QueryRow(t.Context(), `SELECT text FROM incident WHERE public_number(id) = $1 AND source = 'resident'`, number).Scan(&text); err != nil || text != "垃圾，请打 ***" {
		t.Errorf("kept %q, %v", text, err)
	}
	for _, trace := range []string{"13900000000", "13812345678", "a@b.c", "y.jpg"} {
		var rows int
		if err := c.owner.QueryRow(t.Context(), `SELECT count(*) FROM incident i WHERE to_jsonb(i)::text LIKE '%' || $1 || '%'`, trace).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%s is kept in %d rows, %v", trace, rows, err)
		}
	}

	list := c.list(200, "/requests/"+number+".json", nil)
	if len(list) != 1 {
		t.Fatalf("%v", list)
	}
	got := list[0]
	for _, name := range fields {
		if _, has := got[name]; !has {
			t.Errorf("%s is missing", name)
		}
	}
	day, err := time.Parse(time.RFC3339, got["requested_datetime"].(string))
	if got["status"] != "open" || got["description"] != nil || got["address"] != nil || got["agency_responsible"] != "unit 310115001001001" || err != nil || day.Hour() != 0 {
		t.Errorf("shown %v, %v", got, err)
	}
	at := ledgertest.Degrees(0.5, 0.5)
	if lived := cell.At(ledgertest.At(0.3, 0.3)).Parent(9).Center().Degrees(); got["lat"] == lived[1] {
		t.Errorf("the place is %v of %v", got["lat"], at)
	}
	var doc struct {
		XMLName  xml.Name `xml:"service_requests"`
		Requests []struct {
			Inner string `xml:",innerxml"`
		} `xml:"request"`
	}
	body := c.ask(200, "/requests/"+number+".xml", nil)
	if err := xml.Unmarshal([]byte(body), &doc); err != nil || len(doc.Requests) != 1 {
		t.Fatalf("%v: %s", err, body)
	}
	for _, name := range fields {
		if !strings.Contains(doc.Requests[0].Inner, "<"+name+">") {
			t.Errorf("%s is missing in %s", name, body)
		}
	}

	created := c.ask(http.StatusCreated, "/requests.xml", form(0.5, 0.5, "description", "<&>"))
	var taken struct {
		XMLName xml.Name `xml:"service_requests"`
		Number  string   `xml:"request>service_request_id"`
		Notice  string   `xml:"request>service_notice"`
		Account *string  `xml:"request>account_id"`
	}
	if err := xml.Unmarshal([]byte(created), &taken); err != nil || len(taken.Number) != 16 || taken.Notice == "" || taken.Account == nil {
		t.Errorf("answered %s, %v", created, err)
	}
}

func TestRequestsAreFound(t *testing.T) {
	c := newCity(t)
	litter := c.number(form(0.5, 0.5))
	lamp := c.number(form(0.5, 0.5, "service_code", "0101"))
	c.number(form(1.5, 1.5)) // nothing of its unit is published
	old := c.number(form(0.5, 0.5))
	c.exec(`UPDATE incident SET state = 'closed', closed_at = now() WHERE public_number(id) = $1`, lamp)
	c.exec(`UPDATE incident SET reported_at = now() - interval '100 days' WHERE public_number(id) = $1`, old)
	private := c.number(form(0.5, 0.5))
	c.exec(`UPDATE incident SET private = true WHERE public_number(id) = $1`, private)
	at := func(days int) string { return url.QueryEscape(time.Now().AddDate(0, 0, days).Format(time.RFC3339)) }

	for query, want := range map[string][]string{
		"":                              {litter, lamp},
		"status=open":                   {litter},
		"status=closed":                 {lamp},
		"status=open,closed":            {litter, lamp},
		"status=closed,closed":          {lamp},
		"page_size=1&status=closed":     {lamp},
		"page=2&page_size=2":            {},
		"page=3":                        {},
		"address_id=1&email=a@b.c&x=y":  {litter, lamp},
		"service_code=0101":             {lamp},
		"service_code=0101,0102":        {litter, lamp},
		"service_code=01,0102":          {litter, lamp},
		"service_code=none":             {},
		"service_request_id=" + old:     {old},
		"service_request_id=" + private: {},
		"start_date=" + at(-90):         {litter, lamp},
		"end_date=" + at(-95):           {old},
		"start_date=" + at(-101) + "&end_date=" + at(-99):                      {old},
		"service_request_id=" + litter + "," + lamp + "&status=closed&x=y":     {litter, lamp},
		"service_request_id=" + litter + "&start_date=nonsense&service_code=z": {litter},
	} {
		list := c.list(200, "/requests.json?"+query, nil)
		got := map[any]bool{}
		for _, one := range list {
			got[one["service_request_id"]] = true
		}
		if len(list) != len(want) {
			t.Errorf("%q finds %d, want %d: %v", query, len(list), len(want), list)
		}
		for _, number := range want {
			if !got[number] {
				t.Errorf("%q does not find %s", query, number)
			}
		}
	}
	// Pages neither repeat nor leave out.
	pages := map[any]int{}
	for _, page := range []string{"1", "2"} {
		list := c.list(200, "/requests.json?page_size=1&page="+page, nil)
		if len(list) != 1 {
			t.Fatalf("page %s has %v", page, list)
		}
		pages[list[0]["service_request_id"]]++
	}
	if pages[litter] != 1 || pages[lamp] != 1 {
		t.Errorf("pages hold %v", pages)
	}
	if closed := c.list(200, "/requests.json?status=closed", nil)[0]; closed["updated_datetime"] == nil || closed["status"] != "closed" {
		t.Errorf("closed: %v", closed)
	}
	for _, query := range []string{"status=done", "start_date=yesterday", "end_date=1", "start_date=" + at(-120), "start_date=" + at(0) + "&end_date=" + at(-2), "status=open,", "page=0", "page=x", "page_size=1001"} {
		c.ask(400, "/requests.json?"+query, nil)
	}
	if got := c.ask(200, "/requests.xml?service_code=none", nil); !strings.HasSuffix(got, "<service_requests></service_requests>") {
		t.Errorf("none in XML: %s", got)
	}
}

func TestDiscoverySaysWhatIsWhere(t *testing.T) {
	c := newCity(t)
	c.exec(`INSERT INTO unit_office (unit_id, phone, address, hours, supervision_phone)
		SELECT u.id, CASE WHEN up.ancestor_id IS NULL THEN '021-5710 0000' ELSE '021-1111' END, '', '', ''
		FROM unit u LEFT JOIN LATERAL (SELECT ancestor_id FROM unit_ancestor a WHERE a.unit_id = u.id AND a.ancestor_id <> u.id LIMIT 1) up ON true`)
	type endpoint struct {
		Specification, URL, Changeset, Type string
		Formats                             []string
	}
	read := func() (found struct {
		Changeset, Contact string
		KeyService         string `json:"key_service"`
		Endpoints          []endpoint
	}) {
		t.Helper()
		if err := json.Unmarshal([]byte(c.send(200, "/open311/discovery.json", nil)), &found); err != nil || len(found.Endpoints) != 1 {
			t.Fatalf("%v: %v", found, err)
		}
		return found
	}
	found := read()
	one := found.Endpoints[0]
	if one.Specification != "http://wiki.open311.org/GeoReport_v2" || one.URL != "http://example.com/open311/v2" || one.Type != "production" ||
		strings.Join(one.Formats, " ") != "text/xml application/json" || one.Changeset != found.Changeset || !strings.Contains(found.KeyService, "No key is needed") {
		t.Errorf("found %+v", found)
	}
	if !strings.Contains(found.Contact, "021-5710 0000") || strings.Contains(found.Contact, "1111") || !strings.Contains(found.Contact, "/public") {
		t.Errorf("contact %q: that of the town, and no other", found.Contact)
	}
	var doc struct {
		XMLName   xml.Name `xml:"discovery"`
		Changeset string   `xml:"changeset"`
		URL       string   `xml:"endpoints>endpoint>url"`
		Formats   []string `xml:"endpoints>endpoint>formats>format"`
	}
	if err := xml.Unmarshal([]byte(c.send(200, "/open311/discovery.xml", nil)), &doc); err != nil || doc.URL != one.URL || len(doc.Formats) != 2 || doc.Changeset != found.Changeset {
		t.Errorf("in XML %+v, %v", doc, err)
	}

	// The changeset is that of the list of services.
	c.exec(`UPDATE setting SET value = '"2026-01-01T00:00:00Z"' WHERE key = 'categories_changed'`)
	if got := read().Changeset; got != "2026-01-01T08:00:00+08:00" {
		t.Errorf("changeset %q", got)
	}
	c.exec(`UPDATE incident_category SET public = false WHERE code = '0102'`)
	if at, err := time.Parse(time.RFC3339, read().Changeset); err != nil || time.Since(at) > time.Hour {
		t.Errorf("after a change of the list: %v, %v", at, err)
	}
	c.send(404, "/open311/discovery", nil)
	c.send(404, "/open311/v2/discovery.json", nil)
}

func TestErrorsHaveTheirForm(t *testing.T) {
	c := newCity(t)
	without := func(names ...string) url.Values {
		f := form(0.5, 0.5)
		for _, name := range names {
			f.Del(name)
		}
		return f
	}
	for name, tt := range map[string]struct {
		status int
		path   string
		form   url.Values
	}{
		"no such address":     {404, "/nothing.json", nil},
		"no form":             {404, "/services", nil},
		"two forms":           {404, "/services.json.xml", nil},
		"no such request":     {404, "/requests/0123456789abcdef.json", nil},
		"no token is given":   {404, "/tokens/1.json", nil},
		"no service":          {400, "/requests.json", without("service_code")},
		"no place":            {400, "/requests.json", without("lat", "long")},
		"half a place":        {400, "/requests.json", without("long")},
		"letters for degrees": {400, "/requests.json", form(0.5, 0.5, "lat", "north")},
		"no number":           {400, "/requests.json", form(0.5, 0.5, "lat", "NaN")},
		"an impossible place": {400, "/requests.json", form(0.5, 0.5, "lat", "91")},
		"another town":        {404, "/requests.json", form(9.5, 9.5)},
		"a closed service":    {400, "/requests.json", form(0.5, 0.5, "service_code", "1101")},
		"too many words":      {400, "/requests.json", form(0.5, 0.5, "description", strings.Repeat("字", 201))},
		"too long an address": {400, "/requests.json", url.Values{"service_code": {"0102"}, "address_string": {strings.Repeat("路", 201)}}},
		"an address_id alone": {400, "/requests.json", url.Values{"service_code": {"0102"}, "address_id": {"17"}}},
		"no such street":      {404, "/requests.json", url.Values{"service_code": {"0102"}, "address_string": {"无此路"}}},
		"in XML":              {400, "/requests.xml", without("service_code")},
	} {
		body := c.ask(tt.status, tt.path, tt.form)
		if strings.HasSuffix(tt.path, ".xml") && !strings.HasSuffix(tt.path, ".json.xml") {
			var doc struct {
				XMLName xml.Name `xml:"errors"`
				Code    int      `xml:"error>code"`
				Words   string   `xml:"error>description"`
			}
			if err := xml.Unmarshal([]byte(body), &doc); err != nil || doc.Code != tt.status || doc.Words == "" {
				t.Errorf("%s: %s, %v", name, body, err)
			}
			continue
		}
		if tt.path == "/services.json.xml" {
			continue // it asks for XML
		}
		var list []struct {
			Code        int
			Description string
		}
		if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 1 || list[0].Code != tt.status || list[0].Description == "" {
			t.Errorf("%s: %s, %v", name, body, err)
		}
	}
	var rows int
	if err := c.owner.QueryRow(t.Context(), `SELECT count(*) FROM incident`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d were taken, %v", rows, err)
	}
}

func TestNothingIsThereWhileReportsAreOff(t *testing.T) {
	c := newCity(t)
	c.exec(`UPDATE setting SET value = '"false"' WHERE key = 'public_report'`)
	c.send(403, "/open311/discovery.json", nil)
	for _, path := range []string{"/services.json", "/services.xml", "/services/0102.json", "/requests.json", "/requests/0123456789abcdef.json"} {
		c.ask(403, path, nil)
	}
	c.ask(403, "/requests.json", form(0.5, 0.5))
}
