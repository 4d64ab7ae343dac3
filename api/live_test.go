package api_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/geo"
	incidents "wangge/geo/incident"
	"wangge/geo/staff"
)

// stream asks for what happens, as the holder of a session.
func (w *table) stream(ctx context.Context, session, last string) *http.Response {
	w.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.address+"/api/v1/live", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Host = "localhost"
	req.Header.Set("Cookie", "wangge_session="+session)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// event is the next one of a stream: its id, name and data. Comments are left out.
func event(t *testing.T, from *bufio.Scanner) map[string]string {
	t.Helper()
	got := map[string]string{}
	for from.Scan() {
		field, value, _ := strings.Cut(from.Text(), ": ")
		switch {
		case from.Text() == "" && got["data"] != "":
			return got
		case from.Text() == "":
			clear(got)
		case field != "":
			got[field] = value
		}
	}
	t.Fatalf("the stream ended: %v", from.Err())
	return nil
}

// told is the next event about an incident, or that all begins anew.
func told(t *testing.T, from *bufio.Scanner) map[string]string {
	t.Helper()
	for {
		if got := event(t, from); got["event"] == "incident" || got["event"] == "reset" {
			return got
		}
	}
}

func TestEventsAreStreamedAndResumed(t *testing.T) {
	w := newTable(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	session := w.session(w.accounts[ours][staff.Dispatcher])
	report := func(town string) uuid.UUID {
		t.Helper()
		got, _, err := incidents.Report(t.Context(), w.pool, w.pool, staff.Local, incidents.New{
			ID: uuid.New(), Category: "0102", ReportedAt: time.Now(), Point: geo.Snap(place(w.x(town)+2000, 3000))}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return got.ID
	}
	leaving, leave := context.WithCancel(ctx)
	res := w.stream(leaving, session, "")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	first := event(t, lines)
	if first["event"] != "duty" || !strings.Contains(first["data"], `"whole":true`) {
		t.Fatalf("first %v", first)
	}
	report(theirs) // of which nothing is told
	one := report(ours)
	got := told(t, lines)
	for got["event"] == "reset" { // what made the towns is read only now, and all told anew
		one = report(ours)
		got = told(t, lines)
	}
	for !strings.Contains(got["data"], one.String()) { // reported before, and told after it
		if !strings.Contains(got["data"], codeOf[ours]) {
			t.Fatalf("told %v", got)
		}
		got = told(t, lines)
	}
	leave()
	two := report(ours)
	lines = bufio.NewScanner(w.stream(ctx, session, got["id"]).Body)
	if next := told(t, lines); !strings.Contains(next["data"], two.String()) {
		t.Errorf("after coming back told %v", next)
	}
	if got := w.stream(ctx, "none", ""); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a session %d", got.StatusCode)
	}
	if got := w.stream(ctx, w.session(w.accounts[ours][staff.Analyst]), ""); got.StatusCode != http.StatusForbidden {
		t.Errorf("an analyst: %d", got.StatusCode)
	}
}
