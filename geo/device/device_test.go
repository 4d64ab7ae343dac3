package device_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/geo/device"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestALostDeviceIsRevokedForItsAccountAlone(t *testing.T) {
	dsn := pgtest.DSN(t)
	owner := pgtest.As(t, dsn, "")
	units := ledgertest.Town(t, owner, 1)
	request := pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))
	ctx, a := stafftest.Hold(t, owner, staff.Worker, units[0])
	other, b := stafftest.Hold(t, owner, staff.Worker, units[0])
	id, now := uuid.New(), time.Now()

	var session int64
	if err := owner.QueryRow(t.Context(), `
		INSERT INTO session (account_id, digest, method, agent) VALUES ($1, '\x01', 'password', 'Chrome, Android') RETURNING id`, a.Account).Scan(&session); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same day twice
		if err := device.Seen(ctx, request, a, id, "Chrome, Android", session, now.AddDate(0, 0, -1)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := device.Admit(ctx, request, a, id, now); err != nil {
			t.Fatal(err)
		}
	}
	if err := device.Admit(other, request, b, id, now); err != nil { // one phone of two officers
		t.Fatal(err)
	}
	list, err := device.Of(ctx, request, a.Account)
	if err != nil || len(list) != 1 || list[0].Agent != "Chrome, Android" || list[0].FirstOn == list[0].LastOn || list[0].RevokedAt != nil {
		t.Fatalf("the devices of a: %+v, %v", list, err)
	}
	if list, err := device.Of(other, request, a.Account); err != nil || len(list) != 0 {
		t.Errorf("b sees %+v of a's, %v", list, err)
	}

	if err := device.Revoke(t.Context(), owner, a, a.Account, uuid.New()); !errors.Is(err, device.ErrUnknown) {
		t.Errorf("an unknown device: %v, want ErrUnknown", err)
	}
	for range 2 { // twice is once
		if err := device.Revoke(t.Context(), owner, a, a.Account, id); err != nil {
			t.Fatal(err)
		}
	}
	var sessions, audited int
	if err := owner.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM audit WHERE action = 'device_revoked')`).Scan(&sessions, &audited); err != nil {
		t.Fatal(err)
	}
	if sessions != 0 || audited != 1 {
		t.Errorf("%d sessions and %d rows of the log, want 0 and 1", sessions, audited)
	}
	for _, err := range []error{device.Admit(ctx, request, a, id, now), device.Seen(ctx, request, a, id, "", 0, now)} {
		if !errors.Is(err, device.ErrRevoked) {
			t.Errorf("the lost device: %v, want ErrRevoked", err)
		}
	}
	if err := device.Admit(other, request, b, id, now); err != nil {
		t.Errorf("the other officer of the phone: %v", err)
	}
	for _, tt := range []struct {
		account int64
		id      uuid.UUID
		want    bool
	}{{a.Account, id, true}, {b.Account, id, false}, {a.Account, uuid.New(), false}} {
		if got, err := device.Revoked(t.Context(), owner, tt.account, tt.id); err != nil || got != tt.want {
			t.Errorf("revoked for %d: %v, %v; want %v", tt.account, got, err, tt.want)
		}
	}

	for _, account := range []int64{a.Account, b.Account} { // b's was not revoked, so nothing is noted
		if err := device.Wiped(t.Context(), owner, account, id); err != nil {
			t.Fatal(err)
		}
	}
	var wiped int
	if err := owner.QueryRow(t.Context(), `SELECT count(*) FROM device WHERE wiped_at IS NOT NULL`).Scan(&wiped); err != nil || wiped != 1 {
		t.Errorf("%d devices say that they are wiped, %v; want 1", wiped, err)
	}
}

func TestManyDevicesAreAdmittedAtOnceAndALostOneIsNot(t *testing.T) {
	dsn := pgtest.DSN(t)
	owner := pgtest.As(t, dsn, "")
	units := ledgertest.Town(t, owner, 1)
	engine := pgtest.As(t, dsn, pg.RoleEngine)
	_, a := stafftest.Hold(t, owner, staff.Worker, units[0])
	_, b := stafftest.Hold(t, owner, staff.Worker, units[0])
	phone, now := uuid.New(), time.Now()
	both := []device.Use{{Actor: b, ID: phone, At: now}, {Actor: a, ID: phone, At: now}} // one phone of two officers
	for range 2 {                                                                        // for the first time today, and again
		if revoked, err := device.AdmitAll(t.Context(), engine, both); err != nil || revoked[0] || revoked[1] {
			t.Fatalf("%v, %v", revoked, err)
		}
	}
	if err := device.Revoke(t.Context(), engine, a, a.Account, phone); err != nil {
		t.Fatal(err)
	}
	for _, day := range []time.Time{now, now.AddDate(0, 0, 1)} {
		both[0].At, both[1].At = day, day
		if revoked, err := device.AdmitAll(t.Context(), engine, both); err != nil || revoked[0] || !revoked[1] {
			t.Errorf("after a's was lost: %v, %v", revoked, err)
		}
	}
	for _, of := range []staff.Actor{a, b} {
		if list, err := device.Of(t.Context(), engine, of.Account); err != nil || len(list) != 1 {
			t.Errorf("devices of %s: %+v, %v", of.Name, list, err)
		}
	}
}
