package api_test

import (
	"strconv"

	"github.com/google/uuid"
)

// deviceOf is a device of an account, or of a guest.
func (w *table) deviceOf(town string) (account int64, id string) {
	account, id = w.who, uuid.NewString()
	if account == 0 {
		account = w.other[town]
	}
	w.one(`INSERT INTO device (account_id, id, first_on, last_on) VALUES ($1, $2, now(), now()) RETURNING account_id`, account, id)
	return account, id
}

// deviceExamples are those of the browsers that officers use.
func deviceExamples() []example {
	const v1 = "/api/v1"
	own := func(more string) func(*table, string) request {
		return func(w *table, town string) request {
			account, id := w.deviceOf(town)
			path := v1 + "/devices/" + id + more
			if more == "/state" || more == "/wiped" {
				path += "?account=" + strconv.FormatInt(account, 10)
			}
			return request{path: path, personal: true}
		}
	}
	kept := func(more bool) func(*table, string) request {
		return func(w *table, town string) request {
			account, _ := w.account(town)
			path := v1 + "/accounts/" + strconv.FormatInt(account, 10) + "/devices"
			if more {
				id := uuid.NewString()
				w.one(`INSERT INTO device (account_id, id, first_on, last_on) VALUES ($1, $2, now(), now()) RETURNING account_id`, account, id)
				path += "/" + id + "/revoke"
			}
			return request{path: path}
		}
	}
	return []example{
		{"list-devices", "", self, at(v1 + "/devices"), nil},
		{"use-device", "", self, own(""), []string{"session_needed"}},
		{"revoke-device", "", self, own("/revoke"), nil},
		{"get-device-state", "", open, own("/state"), nil},
		{"wiped-device", "", open, own("/wiped"), nil},
		{"list-account-devices", "", thing, kept(false), nil},
		{"revoke-account-device", "", thing, kept(true), nil},
	}
}
