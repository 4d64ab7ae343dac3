package account

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestEverySecretIsAnotherAndReadsBack(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		for _, prefix := range []string{"", TokenPrefix} {
			secret, digest := newSecret(prefix)
			if seen[secret] || len(digest) != 32 {
				t.Fatalf("secret %q, digest of %d bytes", secret, len(digest))
			}
			seen[secret] = true
			if got, ok := parse(prefix, secret); !ok || !bytes.Equal(got, digest) {
				t.Fatalf("%q reads back as %x, want %x", secret, got, digest)
			}
		}
	}
}

func TestOnlyWholeSecretsAreRead(t *testing.T) {
	session, _ := newSecret("")
	token, _ := newSecret(TokenPrefix)
	for _, bad := range []string{
		"", "a", session[:51], session + "a", strings.ToUpper(session), " " + session, token, session[:51] + "1", session[:51] + "b",
		strings.Repeat("a", 51) + "\x00", strings.Repeat("é", 26), session[:50] + "==",
	} {
		if _, ok := parse("", bad); ok && bad != session {
			t.Errorf("session %q was read", bad)
		}
	}
	for _, bad := range []string{"wg_", session, "WG_" + session, "wg-" + session, "wg_wg_" + session[3:], token + " "} {
		if _, ok := parse(TokenPrefix, bad); ok {
			t.Errorf("token %q was read", bad)
		}
	}
}

func FuzzSecretsHaveOneSpelling(f *testing.F) {
	secret, _ := newSecret(TokenPrefix)
	f.Add(secret)
	f.Add(strings.ToUpper(secret))
	f.Add(secret[:len(secret)-1] + "b")
	f.Fuzz(func(t *testing.T, written string) {
		digest, ok := parse(TokenPrefix, written)
		if !ok {
			return
		}
		raw, err := base.DecodeString(strings.ToUpper(strings.TrimPrefix(written, TokenPrefix)))
		if err != nil || len(raw) != secretBytes {
			t.Fatalf("%q was read and holds %d bytes: %v", written, len(raw), err)
		}
		if again := TokenPrefix + strings.ToLower(base.EncodeToString(raw)); again != written || !bytes.Equal(digest, digestOf(again)) {
			t.Fatalf("%q and %q are the same token", written, again)
		}
	})
}

func TestGroupsAreReadable(t *testing.T) {
	for in, want := range map[string]string{"": "", "ab": "ab", "abcd": "abcd", "abcdefgh": "abcd-efgh", "abcdefghi": "abcd-efgh-i"} {
		if got := readable(in); got != want {
			t.Errorf("readable(%q) = %q, want %q", in, got, want)
		}
		if got := plainCode(" " + strings.ToUpper(want)); got != in {
			t.Errorf("plainCode(%q) = %q, want %q", want, got, in)
		}
	}
}

func TestWaitsGrowToACapAndFade(t *testing.T) {
	l := limit{free: 5, forgive: 30 * time.Minute}
	for failed, want := range map[int]time.Duration{
		0: 0, 4: 0, 5: time.Second, 6: 2 * time.Second, 9: 16 * time.Second, 14: 512 * time.Second, 15: maxWait, 16: maxWait, 1 << 40: maxWait,
	} {
		if got := l.wait(failed); got != want {
			t.Errorf("after %d failed tries: %s, want %s", failed, got, want)
		}
	}
	for _, tt := range []struct {
		failed int
		since  time.Duration
		want   int
	}{{5, 0, 5}, {5, 29 * time.Minute, 5}, {5, 30 * time.Minute, 4}, {5, 10 * time.Hour, 0}, {1000, 24 * time.Hour, 0}} {
		if got := l.left(tt.failed, tt.since); got != tt.want {
			t.Errorf("%d tries, %s later: %d left, want %d", tt.failed, tt.since, got, tt.want)
		}
	}
	failed := 0
	for range 1000 {
		failed = l.count(failed)
	}
	if free := time.Duration(failed-l.free+1) * l.forgive; free > 7*time.Hour {
		t.Errorf("a long attack costs its victim %s after it has ended", free)
	}
}

func TestAgentsAreFamiliesOnly(t *testing.T) {
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                     "Firefox, Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0":                      "Edge, Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1":       "Safari, iPhone",
		"Mozilla/5.0 (Linux; Android 15; 24031PN0DC) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0.50": "WeChat, Android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15":                      "Safari, macOS",
		"curl/8.5.0": "curl", "": "", "李娜的手机": "", "<script>": "",
	} {
		if got := Agent(header); got != want {
			t.Errorf("Agent(%q) = %q, want %q", header, got, want)
		}
	}
}
