package health

import "testing"

func TestRedact(t *testing.T) {
	for line, want := range map[string]string{
		"connecting as app, password=hunter2 now":      "connecting as app, password=(hidden) now",
		`{"token": "abc", "user": "x"}`:                `{"token": "(hidden)", "user": "x"}`,
		"Authorization: Bearer abcdef":                 "Authorization: (hidden)",
		"dial postgres://app:pw@db:5432/x":             "dial postgres://(hidden)@db:5432/x",
		"jwt eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc_-d": "jwt (hidden)",
		`secret "db" not found`:                        `secret "db" not found`,
	} {
		if got := Redact(line); got != want {
			t.Errorf("Redact(%q) = %q, want %q", line, got, want)
		}
	}
}
