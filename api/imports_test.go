package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"wangge/geo/plan"
	"wangge/geo/upload"
)

// form is a multipart body with a file and fields.
func form(t testing.TB, file string, content []byte, fields ...string) (body []byte, kind string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	if file != "" {
		part, err := w.CreateFormFile("file", file)
		if err == nil {
			_, err = part.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), w.FormDataContentType()
}

// ended waits for a job.
func (s *service) ended(t testing.TB, id int64) (j struct {
	State   string
	Result  upload.Result
	Problem *problem
}) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		s.get(t, fmt.Sprintf("/api/v1/jobs/%d", id), &j)
		if j.State != "waiting" && j.State != "running" {
			return j
		}
		if time.Now().After(deadline) {
			t.Fatalf("job %d never ended: %+v", id, j)
		}
	}
}

const squares = `{"type":"FeatureCollection","features":[
	{"type":"Feature","properties":{"网格编码":"990101001001","名称":"西村"},"geometry":{"type":"Polygon","coordinates":[[[115,30],[115.01,30],[115.01,30.01],[115,30.01],[115,30]]]}},
	{"type":"Feature","properties":{"网格编码":"990101001002","名称":"东村"},"geometry":{"type":"Polygon","coordinates":[[[115.01,30],[115.02,30],[115.02,30.01],[115.01,30.01],[115.01,30]]]}}]}`

func TestAFileBecomesUnitsInForceOverHTTP(t *testing.T) {
	s := newService(t)
	const name = "居村 2026.geojson"
	body, kind := form(t, name, []byte(squares))
	got := s.dial(t, http.MethodPost, "/api/v1/imports/inspect", kind, body)
	var look upload.Look
	if err := json.Unmarshal(got.body, &look); err != nil || got.status != http.StatusOK || look.Rows != 2 ||
		look.Suggested.Kind != upload.Boundaries || look.Suggested.Fields["code"] != "网格编码" || look.Suggested.Preset == "" || len(look.Sample) != 2 {
		t.Fatalf("inspect = %d %s, %v", got.status, got.body, err)
	}

	start := func(fields ...string) answer {
		body, kind := form(t, name, []byte(squares), append([]string{"kind", "boundaries", "crs", "EPSG:4326", "preset", "community", "level", "village"}, fields...)...)
		return s.dial(t, http.MethodPost, "/api/v1/imports", kind, body)
	}
	var j struct{ ID int64 }
	if got = start(); got.status != http.StatusAccepted || json.Unmarshal(got.body, &j) != nil {
		t.Fatalf("import = %d %s", got.status, got.body)
	}
	if failed := s.ended(t, j.ID); failed.State != "failed" || failed.Problem.Code != "crs_unchecked" {
		t.Errorf("an import that nothing can check: %+v", failed)
	}
	if got = start("confirm", "测绘院图纸"); got.status != http.StatusAccepted || json.Unmarshal(got.body, &j) != nil {
		t.Fatalf("import = %d %s", got.status, got.body)
	}
	done := s.ended(t, j.ID)
	if done.State != "done" || done.Result.PlanID == 0 {
		t.Fatalf("%+v", done)
	}
	if original := s.call(t, http.MethodGet, fmt.Sprintf("/api/v1/imports/%d/original", done.Result.UploadID), nil); string(original.body) != squares {
		t.Errorf("the original came back as %d bytes, %q", len(original.body), original.header.Get("Content-Disposition"))
	}
	var kept upload.Upload
	s.get(t, fmt.Sprintf("/api/v1/imports/%d", done.Result.UploadID), &kept)
	if kept.FileName != name || kept.Confirmed == nil || *kept.Confirmed != "测绘院图纸" || kept.PlanID == nil {
		t.Errorf("recorded as %+v", kept)
	}
	var p plan.Plan
	s.get(t, fmt.Sprintf("/api/v1/plans/%d", done.Result.PlanID), &p)
	s.publishOn(t, p, newYear().String())
	var a struct{ Unit *unitRow }
	s.get(t, "/api/v1/places?lon=115.015&lat=30.005", &a)
	if a.Unit == nil || a.Unit.Name != "东村" {
		t.Errorf("responsible: %+v, want the east village", a.Unit)
	}
}

func TestFormsThatCannotSucceedAreRefused(t *testing.T) {
	s := newService(t)
	good := []string{"kind", "boundaries", "crs", "EPSG:4326", "preset", "community", "level", "village"}
	tests := []struct {
		name   string
		file   string
		fields []string
		code   string
	}{
		{"no file", "", good, ""},
		{"no kind", "x.geojson", good[2:], ""},
		{"a kind that is none", "x.geojson", append([]string{"kind", "photos"}, good[2:]...), "kind_unknown"},
		{"no reference system", "x.geojson", append([]string{"kind", "boundaries"}, good[4:]...), ""},
		{"a preset that is none", "x.geojson", []string{"kind", "boundaries", "crs", "EPSG:4326", "preset", "moon", "level", "village"}, "preset_unknown"},
		{"a level that is none", "x.geojson", []string{"kind", "boundaries", "crs", "EPSG:4326", "preset", "community", "level", "moon"}, "level_unknown"},
		{"fields that are no JSON", "x.geojson", append([]string{"fields", "code=a"}, good...), "fields_malformed"},
		{"a switch that is none", "x.geojson", append([]string{"dry_run", "perhaps"}, good...), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, kind := form(t, tt.file, []byte(squares), tt.fields...)
			got := s.dial(t, http.MethodPost, "/api/v1/imports", kind, body)
			p := problemIn(t, tt.name, got)
			if got.status < 400 || got.status >= 500 || tt.code != "" && p.Code != tt.code {
				t.Errorf("%d %s, want %s", got.status, got.body, tt.code)
			}
		})
	}
	var jobs page[any]
	s.get(t, "/api/v1/jobs", &jobs)
	if len(jobs.Items) != 0 {
		t.Errorf("%d jobs were made of them", len(jobs.Items))
	}
}

func TestAnInspectedFileLeavesNothing(t *testing.T) {
	s := newService(t)
	for _, content := range []string{squares, "姓名,手机,小区,楼栋,门牌\n张三,13800138000,康桥花园,1,101\n", "\x00\x01\x02", ""} {
		body, kind := form(t, "x", []byte(content))
		got := s.dial(t, http.MethodPost, "/api/v1/imports/inspect", kind, body)
		if got.status >= 500 {
			t.Errorf("%.20q = %d %s", content, got.status, got.body)
		}
		if bytes.Contains(got.body, []byte("张三")) || bytes.Contains(got.body, []byte("13800138000")) {
			t.Errorf("a personal value is shown: %s", got.body)
		}
	}
	var rows int
	if err := s.pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM upload) + (SELECT count(*) FROM job)`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows are left, %v", rows, err)
	}
}

func TestATableOfSettingsIsTakenTriedAndRefused(t *testing.T) {
	s := newTown(t)
	send := func(table, name, text string, fields ...string) answer {
		body, kind := form(t, name, []byte(text), fields...)
		return s.call(t, "POST", "/api/v1/settings/tables/"+table, body, "Content-Type", kind)
	}
	for _, tt := range []struct {
		name, table, text string
		fields            []string
		want              string
	}{
		{"a try", "cadences", "代码,周期(天)\nlinked,20\n", []string{"dry_run", "true"}, `"changed":1`},
		{"a cadence", "cadences", "代码,周期(天)\nlinked,20\n", nil, `"changed":1`},
		{"the same again", "cadences", "代码,周期(天)\nlinked,20\n", nil, `"unchanged":1`},
		{"a category", "categories", "代码,大类代码,名称,处置时限\n0199,01,甲,3个工作日\n", nil, `"added":1`},
		{"a calendar", "holidays", "日期,类型,名称\n2031-01-01,休,元旦\n", nil, `"added":1`},
	} {
		if got := send(tt.table, "x.csv", tt.text, tt.fields...); got.status != 200 || !strings.Contains(string(got.body), tt.want) {
			t.Errorf("%s: %d %s, want %s", tt.name, got.status, got.body, tt.want)
		}
	}
	for _, tt := range []struct {
		name, table, file, text, code string
		status                        int
	}{
		{"a row that is none", "cadences", "x.csv", "代码,周期(天)\nlinked,9999\n", "cadence_rows", 422},
		{"no file", "cadences", "", "", "request_invalid", 422},
		{"no table", "categories", "x.png", "\x89PNG\r\n\x1a\n\x00\x00", "", 400},
		{"no such table", "rubbish", "x.csv", "代码\n1\n", "", 422},
		{"too large", "holidays", "x.csv", "日期,类型\n" + strings.Repeat("2031-01-01,休\n", 300_000), "", 413},
	} {
		got := send(tt.table, tt.file, tt.text)
		if got.status != tt.status || !strings.Contains(string(got.body), tt.code) {
			t.Errorf("%s: %d %.300s, want %d %s", tt.name, got.status, got.body, tt.status, tt.code)
		}
		problemIn(t, tt.name, got)
	}
}
