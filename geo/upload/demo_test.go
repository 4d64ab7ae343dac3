package upload_test

import (
	"fmt"
	"testing"

	"wangge/geo/account"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

// The demo's passwords are printed: they must not open real data.
func TestTheFirstRealFileEndsTheDemosAccounts(t *testing.T) {
	db := inForce(t, "cluster")
	var trying, planner int64
	for login, id := range map[string]*int64{"demo-planner": &trying, "planner": &planner} {
		err := db.QueryRow(t.Context(), `
			WITH c AS (INSERT INTO account (login, demo) VALUES ($1, $1 LIKE 'demo%') RETURNING id),
			p AS (INSERT INTO post (kind) VALUES ('planner') RETURNING id)
			INSERT INTO holder (post_id, rank, account_id) SELECT p.id, 'A', c.id FROM p, c RETURNING account_id`, login).Scan(id)
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, tt := range []struct {
		what string
		by   int64
		dry  bool
		demo bool // are there demo accounts afterwards
	}{
		{"one of them tries a file", trying, false, true},
		{"somebody real looks what a file would do", planner, true, true},
		{"somebody real loads a file", planner, false, false},
		{"and another", planner, false, false},
	} {
		actor, err := staff.Load(t.Context(), db, tt.by)
		if err != nil {
			t.Fatal(err)
		}
		csv := fmt.Sprintf("编号,地址\nh%d,康桥路%d号\n", i, i)
		_, err = upload.Now(t.Context(), db, actor, upload.Request{Kind: upload.Households, FileName: "h.csv", CRS: "WGS84", Source: "台账", DryRun: tt.dry,
			Confirm: "no positions", Fields: nil}, onDisk(t, "h.csv", []byte(csv)), func(string, int64, int64) {})
		if err != nil {
			t.Fatalf("%s: %v", tt.what, err)
		}
		if demo, err := account.HasDemo(t.Context(), db); err != nil || demo != tt.demo {
			t.Errorf("%s: demo accounts %v, want %v (%v)", tt.what, demo, tt.demo, err)
		}
	}
}
