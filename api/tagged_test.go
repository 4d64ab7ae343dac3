package api_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"wangge/geo/staff"
)

// polled are the reads that phones ask for again and again.
var polled = []string{"/beats", "/blocks", "/cadences", "/checkpoints", "/incident-categories", "/incident-reasons", "/incidents", "/premises", "/visits/due"}

// What the phone has is not sent again; it is never taken for what another account sees, and
// never for what there is now.
func TestAKnownListIsNotSentAgain(t *testing.T) {
	w := twoTowns(t)
	for _, path := range polled {
		t.Run(path, func(t *testing.T) {
			path := "/api/v1" + path
			ask := func(known string) answer {
				if known == "" {
					return w.call(t, http.MethodGet, path, nil)
				}
				return w.call(t, http.MethodGet, path, nil, "If-None-Match", known)
			}
			w.act(ours, staff.Worker)
			whole := ask("")
			tag := whole.header.Get("ETag")
			if whole.status != http.StatusOK || len(whole.body) == 0 || len(tag) < 20 || tag[0] != '"' {
				t.Fatalf("%d with %d bytes, ETag %s", whole.status, len(whole.body), tag)
			}
			for _, known := range []string{tag, "W/" + tag, `"another", ` + tag, `W/"another",W/` + tag, "*"} {
				got := ask(known)
				if got.status != http.StatusNotModified || len(got.body) > 0 || got.header.Get("ETag") != tag {
					t.Errorf("known by %s: %d with %d bytes, ETag %s", known, got.status, len(got.body), got.header.Get("ETag"))
				}
				if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "" {
					t.Errorf("known by %s: %v", known, got.header)
				}
			}
			for _, known := range []string{`"another"`, tag[:len(tag)-2] + `"`, strings.Trim(tag, `"`), `W/"another", "*"`} {
				got := ask(known)
				if got.status != http.StatusOK || !bytes.Equal(got.body, whole.body) || got.header.Get("Cache-Control") != "no-store" {
					t.Errorf("known by %s: %d with %d bytes, %s", known, got.status, len(got.body), got.header.Get("Cache-Control"))
				}
			}
			for name, become := range map[string]func(){
				"of the other town":              func() { w.act(theirs, staff.Worker) },
				"of the same unit":               func() { w.act(ours, staff.PartTimeWorker) },
				"who supervises the unit":        func() { w.act(ours, staff.Leader) },
				"of a post without such a right": func() { w.act(ours, staff.BuildingHead) },
			} {
				become()
				got := ask(tag)
				if got.status != http.StatusOK && got.status != http.StatusForbidden || len(got.body) == 0 || got.header.Get("ETag") == tag {
					t.Errorf("an account %s: %d with %d bytes, ETag %s", name, got.status, len(got.body), got.header.Get("ETag"))
				}
			}
			w.bearer = "0"
			for _, known := range []string{tag, "*"} {
				if got := ask(known); got.status != http.StatusUnauthorized && got.status != http.StatusForbidden || got.header.Get("ETag") != "" {
					t.Errorf("nobody, known by %s: %d, ETag %s", known, got.status, got.header.Get("ETag"))
				}
			}
		})
	}
}

func TestAChangedListIsSentWhole(t *testing.T) {
	w := twoTowns(t)
	w.act(ours, staff.Worker)
	for _, change := range []struct{ path, do, undo string }{
		{"/incidents", `UPDATE incident SET text = text || '+'`, `UPDATE incident SET text = rtrim(text, '+')`},
		{"/cadences", `UPDATE cadence SET title_en = title_en || '+'`, `UPDATE cadence SET title_en = rtrim(title_en, '+')`},
		{"/beats", `UPDATE beat SET name = name || '+'`, `UPDATE beat SET name = rtrim(name, '+')`},
		{"/checkpoints", `UPDATE checkpoint SET name = name || '+'`, `UPDATE checkpoint SET name = rtrim(name, '+')`},
		{"/premises", `UPDATE premises SET reason = reason || '+'`, `UPDATE premises SET reason = rtrim(reason, '+')`},
		{"/blocks", `UPDATE block SET days = days + 1`, `UPDATE block SET days = days - 1`},
	} {
		path := "/api/v1" + change.path
		tag := w.call(t, http.MethodGet, path, nil).header.Get("ETag")
		for _, step := range []struct {
			do   string
			want int
		}{{``, http.StatusNotModified}, {change.do, http.StatusOK}, {change.undo, http.StatusNotModified}} {
			if _, err := w.pool.Exec(t.Context(), step.do); err != nil {
				t.Fatal(err)
			}
			got := w.call(t, http.MethodGet, path, nil, "If-None-Match", tag)
			if got.status != step.want || (got.status == http.StatusOK) != (len(got.body) > 0 && got.header.Get("ETag") != tag) {
				t.Errorf("%s after %q: %d with %d bytes, ETag %s; want %d", path, step.do, got.status, len(got.body), got.header.Get("ETag"), step.want)
			}
		}
	}
}

func TestThePolledReadsSaySo(t *testing.T) {
	var said []string
	operations(t, func(method, path string, op *huma.Operation) {
		if op.Responses["304"] == nil {
			return
		}
		said = append(said, strings.TrimPrefix(path, "/api/v1"))
		asks := slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "If-None-Match" && p.In == "header" })
		if method != http.MethodGet || !asks || op.Responses["304"].Content != nil || op.Responses["304"].Headers["ETag"] == nil || op.Responses["200"].Headers["ETag"] == nil {
			t.Errorf("%s %s: %+v", method, path, op.Responses["304"])
		}
	})
	slices.Sort(said)
	if !slices.Equal(said, polled) {
		t.Errorf("with tags are %v, want %v", said, polled)
	}
}
