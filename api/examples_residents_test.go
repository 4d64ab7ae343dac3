package api_test

import "github.com/google/uuid"

// residentExamples are those of reports without an account, and of what everybody may know.
// They are switched off in the towns of these tests.
func residentExamples() []example {
	const v1 = "/api/v1"
	off := []string{"public_report_off"}
	return []example{
		{"list-public-categories", "", open, at(v1 + "/public/incident-categories"), nil},
		{"set-public-categories", "", general, sending(v1+"/public/incident-categories", object{"codes": []string{"01", "0102"}}), nil},
		{"report-as-resident", "once it is switched on", open, func(w *table, town string) request {
			return request{path: v1 + "/public/incidents", body: object{"id": uuid.New(), "category": "0102", "point": place(w.x(town)+2000, 3000)}}
		}, off},
		{"list-public-incidents", "once it is switched on", open, at(v1 + "/public/incidents"), off},
		{"get-receipt", "once it is switched on", open, at(v1 + "/public/receipts/0000-0000-0000"), off},
		{"put-resident-photo", "once it is switched on", open, func(*table, string) request {
			file := snapshot()
			return request{path: v1 + "/public/receipts/0000-0000-0000/photos/" + uuid.NewString(), body: file, header: pieceOf(file)}
		}, off},
	}
}
