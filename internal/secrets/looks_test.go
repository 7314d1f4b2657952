package secrets

import "testing"

func TestInLine(t *testing.T) {
	for line, want := range map[string]string{
		"connecting as app, password=hunter2 now":      "connecting as app, password=(hidden) now",
		`{"token": "abc", "user": "x"}`:                `{"token": "(hidden)", "user": "x"}`,
		"Authorization: Bearer abcdef":                 "Authorization: (hidden)",
		"dial postgres://app:pw@db:5432/x":             "dial postgres://(hidden)@db:5432/x",
		"dial postgres://app:p@ss@db:5432/x":           "dial postgres://(hidden)@db:5432/x",
		`{"password": "two words", "user": "x"}`:       `{"password": "(hidden)", "user": "x"}`,
		`secret='two words', token='a b' "c"`:          `secret='(hidden)', token='(hidden)' "c"`,
		`password: "never ended`:                       `password: "(hidden) ended`,
		`password="a token: x y" z`:                    `password="(hidden)" z`,
		"jwt eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc_-d": "jwt (hidden)",
		`secret "db" not found`:                        `secret "db" not found`,
		"token: hunter2 now":                           "token: (hidden) now",
		"password: swordfish was read":                 "password: (hidden) was read",
		"token: swordfish":                             "token: (hidden)",
		"token=swordfish was read":                     "token=(hidden) was read",
		"Authorization: Basic dXNlcg== was sent":       "Authorization: (hidden) was sent",
		"Authorization: bearer swordfish was sent":     "Authorization: (hidden) was sent",
		"failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=x: 403 Forbidden": "" +
			"failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=x: 403 Forbidden",
		"pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed": "" +
			"pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
		`failed to fetch oauth token: Post "https://auth.example/token": dial tcp: lookup auth.example: no such host`: "" +
			`failed to fetch oauth token: Post "https://auth.example/token": dial tcp: lookup auth.example: no such host`,
		"request to https://auth.example/token: 401 Unauthorized": "request to https://auth.example/token: 401 Unauthorized",
		"failed to verify the token: expired":                     "failed to verify the token: expired",
	} {
		if got := InLine(line); got != want {
			t.Errorf("InLine(%q) = %q, want %q", line, got, want)
		}
	}
}
