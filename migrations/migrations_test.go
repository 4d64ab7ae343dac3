package migrations_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/migrations"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// server runs a statement as the superuser of the tests' server.
type server struct {
	t   *testing.T
	dsn string
}

func (s server) exec(sql string) {
	s.t.Helper()
	conn, err := pgx.Connect(context.Background(), s.dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// owned makes an empty database with PostGIS whose owner is no superuser, and
// returns the owner's address.
func (s server) owned(name, attributes string) string {
	s.t.Helper()
	s.exec(`CREATE ROLE ` + name + ` LOGIN NOSUPERUSER ` + attributes)
	s.exec(`CREATE DATABASE ` + name + ` OWNER ` + name)
	s.t.Cleanup(func() {
		s.exec(`DROP DATABASE ` + name + ` WITH (FORCE)`)
		s.exec(`DROP ROLE ` + name)
	})
	inside := regexp.MustCompile(`dbname=\S+`).ReplaceAllString(s.dsn, "dbname="+name)
	server{s.t, inside}.exec(`CREATE EXTENSION postgis; CREATE EXTENSION btree_gist`)
	return regexp.MustCompile(`user=\S+`).ReplaceAllString(inside, "user="+name)
}

// PostGIS itself is installed by an administrator of the server; everything else
// is set up by the database's owner.
func TestAnOwnerWithoutSuperuserSetsUpTheRolesAndTheSchema(t *testing.T) {
	s := server{t, pgtest.DSN(t)}
	dsn := s.owned(fmt.Sprintf("plain_%d", pgtest.Serial()), "CREATEROLE")
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Errorf("a second time: %v", err)
	}
	for _, role := range []string{pg.RoleApp, pg.RoleEngine, pg.RoleReader} {
		pool, err := pg.Open(t.Context(), dsn, pg.Options{MaxConns: 1, Role: role})
		if err != nil {
			t.Fatalf("%s: %v", role, err)
		}
		var n int
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM unit`).Scan(&n); err != nil {
			t.Errorf("%s reads units: %v", role, err)
		}
		_, err = pool.Exec(t.Context(), `CREATE TABLE mine (x int)`)
		if role != pg.RoleEngine && !pg.ErrCode(err, "42501") {
			t.Errorf("%s makes a table: %v", role, err)
		}
		pool.Close()
	}
	pool, err := pg.Open(t.Context(), dsn, pg.Options{MaxConns: 1, Role: pg.RoleApp})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s2 := server{t, dsn}
	s2.exec(`INSERT INTO account (login) VALUES ('a'); INSERT INTO unit (code, preset, level) VALUES ('u', 'urban', 'town'), ('v', 'urban', 'town');
		INSERT INTO unit_ancestor SELECT id, id FROM unit; INSERT INTO post (kind, unit_id) SELECT 'planner', min(id) FROM unit;
		INSERT INTO holder (post_id, rank, account_id) SELECT p.id, 'A', c.id FROM post p, account c`)
	var codes []string
	db := pg.NewActing(pool)
	rows, _ := db.Query(pg.WithAccount(t.Context(), "1"), `SELECT code FROM unit`)
	if codes, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(codes) != 1 || codes[0] != "u" {
		t.Errorf("an account of one unit sees %v, %v", codes, err)
	}
}

func TestAnOwnerWhoMayMakeNoRolesIsToldWhatAnAdministratorRuns(t *testing.T) {
	s := server{t, pgtest.DSN(t)}
	name := fmt.Sprintf("bare_%d", pgtest.Serial())
	dsn := s.owned(name, "NOCREATEROLE")
	_, err := migrations.Up(t.Context(), dsn)
	if err == nil || !strings.Contains(err.Error(), "GRANT wangge_app TO "+name) {
		t.Fatalf("told %v", err)
	}
	s.exec(fmt.Sprintf(`GRANT wangge_app, wangge_engine, wangge_reader TO %s`, name))
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Errorf("after the administrator ran it: %v", err)
	}
}
