package api_test

import (
	"time"
)

// comparing is a question about the grid of a town, today and yesterday.
func comparing(path, more string) func(*table, string) request {
	return func(w *table, town string) request {
		now := time.Now()
		return request{path: "/api/v1/comparisons" + path + "?base=" + w.things[town]["unit"] + "&level=micro-grid&before=date:" +
			now.AddDate(0, 0, -1).Format(time.DateOnly) + "&after=date:" + now.Format(time.DateOnly) + more}
	}
}

// comparisonExamples are those of two divisions side by side.
func comparisonExamples() []example {
	return []example{
		{"compare-divisions", "two days", thing, comparing("", ""), nil},
		{"compare-divisions", "a draft", thing, func(w *table, town string) request {
			return request{path: "/api/v1/comparisons?base=" + w.things[town]["village"] + "&level=grid&before=date:" + time.Now().Format(time.DateOnly) + "&after=plan:" + w.things[town]["plan"]}
		}, nil},
		{"compare-units", "", thing, comparing("/units", "&side=after"), nil},
		{"compare-difference", "", thing, comparing("/difference", ""), nil},
		{"list-moved-households", "", thing, comparing("/households", ""), nil},
		{"compare-impact", "", thing, comparing("/impact", ""), nil},
		{"restate-statistics", "", thing, comparing("/statistics", "&from=2026-01-01&to=2026-02-01"), nil},
		{"export-comparison", "", thing, comparing("/export", "&what=units"), nil},
	}
}
