package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"wangge/geo/rule"
	"wangge/geo/staff"
)

// A planner copies a built-in set, changes it as the page does (everything that was
// read is sent back), and removes it.
func TestAPlannerMakesASetOfRulesOfTheirOwn(t *testing.T) {
	w := twoTowns(t)
	w.act(ours, staff.Planner)
	type set struct {
		ID       int64
		Code     string
		Builtin  bool
		Editable bool
		Rules    []map[string]any
	}
	var all struct{ Items []set }
	w.want(t, http.StatusOK, http.MethodGet, "/api/v1/rulesets", nil, &all)
	var qingshen set
	for _, s := range all.Items {
		if s.Code == "qingshen" {
			qingshen = s
		}
	}
	if len(qingshen.Rules) == 0 || qingshen.Editable || qingshen.Rules[0]["zh"] != "每个片 30–50 户" || qingshen.Rules[0]["en"] != "30–50 households in each block" {
		t.Fatalf("%+v", qingshen)
	}
	at := fmt.Sprintf("/api/v1/rulesets/%d", qingshen.ID)
	w.refused(t, http.StatusConflict, "ruleset_builtin", http.MethodPatch, at, object{"title_zh": "改"})
	w.refused(t, http.StatusConflict, "ruleset_builtin", http.MethodDelete, at, nil)

	var own set
	w.want(t, http.StatusCreated, http.MethodPost, at+"/copy", object{"title_zh": "我镇规则", "title_en": "Ours"}, &own)
	if own.Builtin || !own.Editable || len(own.Rules) != len(qingshen.Rules) {
		t.Fatalf("%+v", own)
	}
	at = fmt.Sprintf("/api/v1/rulesets/%d", own.ID)
	own.Rules[0]["max"] = 60
	var changed set
	w.want(t, http.StatusOK, http.MethodPatch, at, object{"rules": own.Rules}, &changed)
	if changed.Rules[0]["zh"] != "每个片 30–60 户" || changed.Rules[0]["id"] != own.Rules[0]["id"] {
		t.Errorf("%+v", changed.Rules[0])
	}
	own.Rules[1]["min"] = 70
	got := w.call(t, http.MethodPatch, at, object{"rules": own.Rules})
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), rule.ErrRules.Code) || !strings.Contains(string(got.body), `"/rules/1"`) {
		t.Errorf("the least above the most: %d %s", got.status, got.body)
	}
	for name, body := range map[string]object{
		"an unknown kind":  {"rules": []object{{"kind": "beauty", "hard": true, "waivable": true}}},
		"an unknown field": {"colour": "red"},
		"no title":         {"title_zh": ""},
	} {
		if got := w.call(t, http.MethodPatch, at, body); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	w.act(theirs, staff.Planner)
	w.refused(t, http.StatusNotFound, "ruleset_unknown", http.MethodPatch, at, object{"title_zh": "改"})
	w.act(ours, staff.Worker)
	w.refused(t, http.StatusForbidden, "forbidden", http.MethodGet, at, nil)
	w.act(ours, staff.Planner)
	w.want(t, http.StatusNoContent, http.MethodDelete, at, nil, nil)
	w.refused(t, http.StatusNotFound, "ruleset_unknown", http.MethodGet, at, nil)
}
