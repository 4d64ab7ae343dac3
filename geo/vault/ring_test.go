package vault

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTheKeyFileIsMadeOnceAndIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "keys.json")
	var rings [8]*Ring
	var wait sync.WaitGroup
	for i := range rings {
		wait.Go(func() {
			var err error
			if rings[i], err = OpenRing(path); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	first, err := rings[0].current()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rings {
		if id, err := r.current(); err != nil || id != first {
			t.Errorf("current key %s, %v; another one has %s", id, err, first)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".keys-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("files are left behind: %v %v", left, err)
	}
}

func TestAKeyFileThatOthersCanReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := OpenRing(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenRing(path); !errors.Is(err, ErrMode) || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %o: %v, want %v with the remedy", mode, err, ErrMode)
		}
	}
}

func TestALostKeyFileIsAFaultWhileTheProgramRuns(t *testing.T) {
	ring, err := OpenRing(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(ring.path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ring.wrap(Subject{"household", "7"}, newSecret()); !errors.Is(err, ErrRingLost) {
		t.Errorf("wrap without the file: %v, want %v", err, ErrRingLost)
	}
	if _, err := ring.Keys(); !errors.Is(err, ErrRingLost) {
		t.Errorf("list without the file: %v, want %v", err, ErrRingLost)
	}
}

func TestDamagedKeyFilesAreRefusedWithoutQuotingThem(t *testing.T) {
	ring, err := OpenRing(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(ring.path)
	if err != nil {
		t.Fatal(err)
	}
	id, err := ring.current()
	if err != nil {
		t.Fatal(err)
	}
	secret := ring.keys.Keys[0].Secret
	encoded, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"empty":             "",
		"cut":               string(good[:len(good)/2]),
		"twice":             string(good) + string(good),
		"another format":    strings.Replace(string(good), `"format": 1`, `"format": 2`, 1),
		"no current key":    strings.Replace(string(good), `"current": "`+id, `"current": "x`+id, 1),
		"an id of nonsense": strings.ReplaceAll(string(good), id, "../"+id),
		"a short key":       strings.Replace(string(good), strings.Trim(string(encoded), `"`), "AAAA", 1),
		"a field too many":  strings.Replace(string(good), `"format": 1`, `"format": 1, "more": 1`, 1),
		"null":              "null",
		"a list":            "[]",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := OpenRing(path)
			if !errors.Is(err, ErrFile) {
				t.Fatalf("got %v, want %v", err, ErrFile)
			}
			if strings.Contains(err.Error(), strings.Trim(string(encoded), `"`)) {
				t.Error("the error quotes the key")
			}
			if after, _ := os.ReadFile(path); string(after) != text {
				t.Error("the damaged file was overwritten")
			}
		})
	}
}

func TestAnotherProcessesChangeIsSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	ours, err := OpenRing(path)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := OpenRing(path)
	if err != nil {
		t.Fatal(err)
	}
	before, err := ours.current()
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.update(func(f *keyFile) error { f.add(time.Now()); return nil }); err != nil {
		t.Fatal(err)
	}
	after, err := ours.current()
	if err != nil || after == before {
		t.Errorf("current is still %s, %v", after, err)
	}
	if _, err := ours.find(before); err != nil {
		t.Errorf("the old key: %v", err)
	}
}

func FuzzKeyFile(f *testing.F) {
	var made keyFile
	made.add(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	made.add(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	text, err := json.Marshal(made)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":1,"current":"a","keys":[{"id":"a","secret":null}]}`))
	f.Add([]byte(`{"format":1e9}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := parse(text)
		if err != nil {
			return
		}
		for _, k := range keys.Keys {
			if len(k.Secret) != 32 {
				t.Fatalf("key %s has %d bytes", k.ID, len(k.Secret))
			}
		}
		again, err := json.Marshal(keys)
		if err != nil {
			t.Skip("a date that JSON cannot hold")
		}
		back, err := parse(again)
		if err != nil || !reflect.DeepEqual(keys, back) && string(again) != string(must(json.Marshal(back))) {
			t.Fatalf("what was written is not what was read: %v", err)
		}
	})
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}
