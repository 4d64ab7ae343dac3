package api_test

import (
	"strconv"
	"testing"

	"wangge/geo/staff"
	"wangge/geo/webhook"
)

// newWebhook is a gateway of a town, which is off.
func (w *towns) newWebhook(t testing.TB, town string) string {
	t.Helper()
	desk := webhook.Desk{DB: w.pool, Engine: w.pool, Ring: w.ring}
	h, _, err := desk.Add(t.Context(), staff.Local, webhook.Hook{Unit: codeOf[town], URL: "https://gateway.example.cn/" + codeOf[town], Events: []webhook.Event{webhook.Given}, Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(h.ID, 10)
}

// webhookExamples are those of gateways that are told of duties.
func webhookExamples() []example {
	const v1 = "/api/v1/webhooks"
	body := object{"url": "https://gateway.example.cn/", "events": []string{"given"}, "enabled": true}
	fresh := func(path string, body any) func(*table, string) request {
		return func(w *table, town string) request {
			return request{path: v1 + "/" + w.newWebhook(w.t, town) + path, body: body}
		}
	}
	return []example{
		{"list-webhooks", "", list, showing(v1, codes), nil},
		{"add-webhook", "", thing, func(w *table, town string) request {
			return request{path: v1, body: object{"unit": codeOf[town], "url": "https://gateway.example.cn/", "events": []string{"given"}, "enabled": true}}
		}, nil},
		{"change-webhook", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/" + w.things[town]["webhook"], body: body}
		}, nil},
		{"renew-webhook", "", thing, fresh("/secret", nil), nil},
		{"test-webhook", "", thing, fresh("/test", nil), nil},
		{"retry-webhook", "", thing, fresh("/retry", nil), nil},
		{"list-webhook-deliveries", "", thing, of(v1+"/{}/deliveries", "webhook"), nil},
		{"remove-webhook", "", thing, fresh("", nil), nil},
	}
}
