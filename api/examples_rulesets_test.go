package api_test

import (
	"strconv"
	"testing"

	"wangge/geo/rule"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
)

// newRuleset is a set of the planner of a town.
func (w *towns) newRuleset(t testing.TB, town string) string {
	t.Helper()
	planner, err := staff.Load(t.Context(), w.pool, w.accounts[town][staff.Planner])
	if err != nil {
		t.Fatal(err)
	}
	most := 50.0
	s, err := ruleset.Add(t.Context(), w.pool, planner, ruleset.New{TitleZh: town + "规则", TitleEn: town, Rules: []rule.Rule{{Kind: rule.Households, Max: &most, Source: town + "镇"}}})
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(s.ID, 10)
}

// rulesetExamples are those of sets of local rules.
func rulesetExamples() []example {
	const v1 = "/api/v1"
	fresh := func(more string, body any) func(w *table, town string) request {
		return func(w *table, town string) request {
			return request{path: v1 + "/rulesets/" + w.newRuleset(w.t, town) + more, body: body}
		}
	}
	return []example{
		{"list-rulesets", "", list, showing(v1+"/rulesets", marks), nil},
		{"get-ruleset", "", thing, of(v1+"/rulesets/{}", "ruleset"), nil},
		{"ruleset-plans", "", thing, of(v1+"/rulesets/{}/plans", "ruleset"), nil},
		{"add-ruleset", "", general, func(w *table, town string) request {
			return request{path: v1 + "/rulesets", body: object{"title_zh": "规则", "title_en": "rules", "rules": []object{{"kind": "contiguous", "hard": true, "waivable": false}}}}
		}, nil},
		{"edit-ruleset", "", thing, fresh("", object{"title_zh": "新规则"}), nil},
		{"copy-ruleset", "", thing, fresh("/copy", object{"title_zh": "另一套", "title_en": "another"}), nil},
		{"remove-ruleset", "", thing, fresh("", nil), nil},
	}
}
