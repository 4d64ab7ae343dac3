package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"wangge/geo/staff"
)

const (
	residentName  = "欧阳测试"
	residentPhone = "13912345678"
)

// wantSilent fails when a text holds the resident's contact.
func wantSilent(t *testing.T, what string, text string) {
	t.Helper()
	if strings.Contains(text, residentName) || strings.Contains(text, residentPhone) {
		t.Errorf("%s holds the contact of a household", what)
	}
}

// linkedHousehold is one of our town's whose contact the worker of its grid has
// taken down, after showing the notice.
func (w *towns) linkedHousehold(t *testing.T) (id, path string) {
	t.Helper()
	id = w.things[ours]["household"]
	path = "/api/v1/households/" + id + "/contact"
	w.bearer = ""
	var notice struct{ Version int }
	w.get(t, "/api/v1/notices/household-contact", &notice)
	w.act(ours, staff.Worker)
	var contact struct {
		Linked  bool
		Consent *struct{ Version int }
	}
	w.want(t, http.StatusOK, http.MethodPut, path, map[string]any{"name": residentName, "phone": residentPhone, "notice_version": notice.Version, "how": "in-person"}, &contact)
	if !contact.Linked || contact.Consent == nil || contact.Consent.Version != notice.Version {
		t.Fatalf("contact %+v", contact)
	}
	return id, path
}

func TestAContactLeavesTheServiceOnlyByALook(t *testing.T) {
	w := twoTowns(t)
	waitForMap(t, w.service)
	id, path := w.linkedHousehold(t)
	for _, kind := range kinds {
		w.act(ours, kind)
		got := w.call(t, http.MethodPost, path+"/looks", map[string]any{"purpose": "visit"})
		sees := kind == staff.Worker || kind == staff.PartTimeWorker || kind == staff.Leader || kind == staff.BuildingHead
		if (got.status == http.StatusOK) != sees || strings.Contains(string(got.body), residentPhone) != sees {
			t.Errorf("%s looks: %d", kind, got.status)
		}
		operations(t, func(method, at string, _ *huma.Operation) {
			if method == http.MethodGet {
				at = w.with(ours, at)
				wantSilent(t, string(kind)+" "+at, string(w.call(t, method, at, nil).body))
				wantSilent(t, string(kind)+" "+at, string(w.call(t, method, at+"?format=csv", nil).body))
			}
		})
		for _, q := range []string{residentName, residentPhone, residentPhone[3:]} {
			got := w.call(t, http.MethodPost, "/api/v1/search", map[string]any{"q": q})
			wantSilent(t, "a search", strings.ReplaceAll(string(got.body), `"q"`, ""))
		}
	}
	w.act(theirs, staff.Worker)
	w.refused(t, http.StatusNotFound, "household_unknown", http.MethodPost, path+"/looks", map[string]any{"purpose": "visit"})
	w.act(ours, staff.Worker)
	w.refused(t, http.StatusUnprocessableEntity, "", http.MethodPost, path+"/looks", map[string]any{"purpose": "curiosity"})
	for _, body := range []string{`{"name":"` + residentName + `","phone":"x","notice_version":1,"how":"paper"}`, `{"name":"` + residentName + `","phone":"` + residentPhone + `","notice_version":99,"how":"paper"}`,
		`{"name":"` + residentName + `","phone":"` + residentPhone + `","notice_version":1,"how":"dream"}`, `{"name":["` + residentName + `"],"phone":"` + residentPhone + `"}`} {
		got := w.call(t, http.MethodPut, path, body)
		if got.status < 400 {
			t.Errorf("%d for a contact that is wrong", got.status)
		}
		wantSilent(t, "a refusal", string(got.body))
	}
	wantSilent(t, "the log", w.log.String())

	var looks int
	if err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'look-at-contact' AND subject_id = $1 AND detail->>'purpose' = 'visit'`, id).Scan(&looks); err != nil || looks != 4 {
		t.Errorf("%d looks are recorded, %v; want 4", looks, err)
	}
	for z := range 15 {
		for _, layer := range []string{"households", "grids"} {
			wantSilent(t, "a tile", string(w.call(t, http.MethodGet, fmt.Sprintf("/tiles/%s/%d/0/0.mvt", layer, z), nil).body))
		}
	}
	w.want(t, http.StatusNoContent, http.MethodDelete, path, nil, nil)
	w.refused(t, http.StatusNotFound, "contact_none", http.MethodPost, path+"/looks", map[string]any{"purpose": "check"})
}

func TestARequestGoesFromTheDeskToTheOfficerAndBack(t *testing.T) {
	w := twoTowns(t)
	id, path := w.linkedHousehold(t)
	household, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	record := func(body map[string]any) string {
		t.Helper()
		w.act(ours, staff.Worker)
		body["notice_version"] = 1
		var r struct {
			ID    int64
			State string
			DueOn string `json:"due_on"`
		}
		w.want(t, http.StatusCreated, http.MethodPost, "/api/v1/requests", body, &r)
		if r.State != "received" || r.DueOn == "" {
			t.Fatalf("recorded %+v", r)
		}
		return "/api/v1/requests/" + strconv.FormatInt(r.ID, 10)
	}
	granted := map[string]any{"do": "grant", "reason": "entitled"}

	copied := record(map[string]any{"kind": "copy", "household_id": household, "name": residentName, "phone": residentPhone})
	w.act(theirs, staff.PrivacyOfficer)
	w.refused(t, http.StatusNotFound, "request_unknown", http.MethodGet, copied, nil)
	w.refused(t, http.StatusNotFound, "request_unknown", http.MethodPost, copied+"/actions", granted)
	w.act(ours, staff.Worker)
	w.refused(t, http.StatusForbidden, "forbidden", http.MethodPost, copied+"/actions", granted)

	w.act(ours, staff.PrivacyOfficer)
	got := w.want(t, http.StatusOK, http.MethodGet, copied, nil, nil)
	wantSilent(t, "a request", string(got.body))
	w.refused(t, http.StatusForbidden, "forbidden", http.MethodPost, path+"/looks", map[string]any{"purpose": "check"})
	w.refused(t, http.StatusForbidden, "forbidden", http.MethodGet, "/api/v1/households/"+id, nil)
	if got := w.want(t, http.StatusOK, http.MethodPost, copied+"/contact/looks", map[string]any{}, nil); !strings.Contains(string(got.body), residentPhone) {
		t.Error("the officer cannot reach the applicant")
	}
	w.refused(t, http.StatusUnprocessableEntity, "", http.MethodPost, copied+"/actions", map[string]any{"do": "forget"})
	w.want(t, http.StatusOK, http.MethodPost, copied+"/actions", granted, nil)
	w.refused(t, http.StatusConflict, "request_action", http.MethodPost, copied+"/actions", granted)
	w.refused(t, http.StatusForbidden, "forbidden", http.MethodPost, copied+"/copy", map[string]any{})

	w.act(ours, staff.Worker)
	file := w.want(t, http.StatusOK, http.MethodPost, copied+"/copy", map[string]any{}, nil)
	if !strings.Contains(string(file.body), residentPhone) || !strings.Contains(file.header.Get("Content-Disposition"), "attachment") {
		t.Error("the copy is no file with the contact in it")
	}
	w.refused(t, http.StatusConflict, "copy_taken", http.MethodPost, copied+"/copy", map[string]any{})

	deleted := record(map[string]any{"kind": "delete", "household_id": household})
	w.act(ours, staff.PrivacyOfficer)
	w.want(t, http.StatusOK, http.MethodPost, deleted+"/actions", granted, nil)
	w.want(t, http.StatusOK, http.MethodPost, deleted+"/actions", map[string]any{"do": "finish"}, nil)
	var list struct{ Items []struct{ State string } }
	w.get(t, "/api/v1/requests?open=true", &list)
	if len(list.Items) != 1 || list.Items[0].State != "granted" {
		t.Errorf("open requests %+v, want the copy", list.Items)
	}
	w.act(ours, staff.Worker)
	w.refused(t, http.StatusNotFound, "contact_none", http.MethodPost, path+"/looks", map[string]any{"purpose": "check"})
	wantSilent(t, "the log", w.log.String())
}

func TestConsentToBeTrackedIsOnesOwn(t *testing.T) {
	w := twoTowns(t)
	w.act(ours, staff.Worker)
	w.want(t, http.StatusOK, http.MethodPut, "/api/v1/consents/staff-tracking", map[string]any{"version": 1}, nil)
	var list struct {
		Items []struct {
			Version     int
			WithdrawnAt *string `json:"withdrawn_at"`
		}
	}
	w.get(t, "/api/v1/consents", &list)
	if len(list.Items) != 1 || list.Items[0].Version != 1 || list.Items[0].WithdrawnAt != nil {
		t.Errorf("%+v", list)
	}
	w.refused(t, http.StatusConflict, "notice_stale", http.MethodPut, "/api/v1/consents/staff-tracking", map[string]any{"version": 2})
	w.refused(t, http.StatusUnprocessableEntity, "", http.MethodPut, "/api/v1/consents/everything", map[string]any{"version": 1})
	w.act(ours, staff.Leader)
	w.get(t, "/api/v1/consents", &list)
	if len(list.Items) != 0 {
		t.Errorf("the leader sees %+v", list)
	}
	w.act(ours, staff.Worker)
	w.want(t, http.StatusNoContent, http.MethodDelete, "/api/v1/consents/staff-tracking", nil, nil)
	w.refused(t, http.StatusNotFound, "consent_none", http.MethodDelete, "/api/v1/consents/staff-tracking", nil)
	w.bearer = ""
	w.refused(t, http.StatusUnauthorized, "signed_out", http.MethodGet, "/api/v1/consents", nil)
}

func TestRegistersAreReadByAllAndWrittenByTheOfficerOfAll(t *testing.T) {
	w := twoTowns(t)
	officer := w.post(t, "dpo", staff.PrivacyOfficer, "")
	w.bearer = ""
	var notice struct {
		Version int
		TextZh  string `json:"text_zh"`
	}
	w.get(t, "/api/v1/notices/staff-tracking", &notice)
	w.refused(t, http.StatusUnauthorized, "signed_out", http.MethodGet, "/api/v1/purposes", nil)
	w.refused(t, http.StatusUnauthorized, "signed_out", http.MethodPost, "/api/v1/notices/staff-tracking/versions", map[string]any{})
	text := map[string]any{"read": notice.Version, "title_zh": "标题", "title_en": "Title", "text_zh": "正文", "text_en": "Text"}
	w.act(ours, staff.PrivacyOfficer)
	w.refused(t, http.StatusForbidden, "forbidden", http.MethodPost, "/api/v1/notices/staff-tracking/versions", text)
	w.refused(t, http.StatusForbidden, "forbidden", http.MethodPut, "/api/v1/retention/session", map[string]any{"days": 5})
	w.refused(t, http.StatusForbidden, "forbidden", http.MethodPost, "/api/v1/retention/runs", map[string]any{})
	w.bearer = strconv.FormatInt(officer, 10)
	w.want(t, http.StatusCreated, http.MethodPost, "/api/v1/notices/staff-tracking/versions", text, &notice)
	if notice.Version != 2 || notice.TextZh != "正文" {
		t.Errorf("published %+v", notice)
	}
	w.refused(t, http.StatusConflict, "text_stale", http.MethodPost, "/api/v1/notices/staff-tracking/versions", text)
	w.want(t, http.StatusOK, http.MethodPut, "/api/v1/retention/session", map[string]any{"days": 5}, nil)
	w.refused(t, http.StatusUnprocessableEntity, "retention_days", http.MethodPut, "/api/v1/retention/audit", map[string]any{"days": 30})
	var job struct{ ID int64 }
	w.want(t, http.StatusAccepted, http.MethodPost, "/api/v1/retention/runs", map[string]any{}, &job)
	if j := w.ended(t, job.ID); j.State != "done" {
		t.Errorf("retention ended as %+v", j)
	}
	w.want(t, http.StatusOK, http.MethodGet, "/api/v1/retention/proofs", nil, nil)
	w.act(ours, staff.Worker)
	var purposes struct{ Items []struct{ Fields []any } }
	w.get(t, "/api/v1/purposes", &purposes)
	if len(purposes.Items) != 4 {
		t.Errorf("%d purposes, want 4", len(purposes.Items))
	}
	w.refused(t, http.StatusForbidden, "forbidden", http.MethodGet, "/api/v1/retention/proofs", nil)
}
