package secrets

import (
	"slices"
	"strings"
	"testing"
)

// What calls something a secret in the text of a field hides it, however that is written and however short it is.
func TestInField(t *testing.T) {
	for text, want := range map[string]string{
		"password = hunter2":                                    "password = (hidden)",
		"a=b\nDB_PASS=hunter2\nc=d":                             "a=b\nDB_PASS=(hidden)\nc=d",
		"{user: a, smtpPass: hunter2, b: c}":                    "{user: a, smtpPass: (hidden), b: c}",
		"<a><password>hunter2</password></a>":                   "<a><password>(hidden)</password></a>",
		"app --password hunter2 --user a":                       "app --password (hidden) --user a",
		"app --db-pass 'hunter2 x' -v":                          "app --db-pass (hidden) -v",
		`{"a": "{\"password\": \"hunter2\"}"}`:                  `{"a": "{\"password\": (hidden)\"}"}`,
		"password: |\n  hunter2\nb: c":                          "password: (hidden)\nb: c",
		"token => hunter2":                                      "token => (hidden)",
		"x://shop:hunter2@db/x":                                 "x://shop:(hidden)db/x",
		"shop:hunter2@tcp(db)/x":                                "shop:(hidden)@tcp(db)/x",
		"https://ghp_0123456789abcdef@github.com/a/b":           "https://(hidden)@github.com/a/b",
		`proxy_set_header Authorization "Basic hunter2";`:       `proxy_set_header Authorization "(hidden)";`,
		"Authorization: Basic hunter2":                          "Authorization: Basic (hidden)",
		"requirepass hunter2":                                   "requirepass (hidden)",
		"authorization: enabled":                                "authorization: enabled",
		"BYPASS=hunter2, compass: north":                        "BYPASS=hunter2, compass: north",
		"ghcr.io/acme/auth-token:1.2.3":                         "ghcr.io/acme/auth-token:1.2.3",
		"ghcr.io/acme/auth-token:feature-x":                     "ghcr.io/acme/auth-token:feature-x",
		"external-secrets/external-secrets:v0.9.1":              "external-secrets/external-secrets:v0.9.1",
		"auth-token:v1":                                         "auth-token:v1",
		"credentials:\n  password: hunter2\n  user: a":          "credentials:\n  password: (hidden)\n  user: a",
		`{"credentials": {"password": "hunter2"}}`:              `{"credentials": {"password": (hidden)}}`,
		"a: {credentials: {password: hunter2}}":                 "a: {credentials: {password: (hidden)",
		`{"bypass": {"password": "hunter2"}}`:                   `{"bypass": {"password": (hidden)}}`,
		"password:\n  hunter2\nb: c":                            "password:\n  (hidden)\nb: c",
		"tokens:\n- a: b":                                       "tokens:\n- a: b",
		"db.internal:5432/password:hunter2":                     "db.internal:5432/password:(hidden)",
		"password:v3ryS3cret":                                   "password:(hidden)",
		"auth-token:hunter2":                                    "auth-token:(hidden)",
		"apiGroup: rbac.authorization.k8s.io, kind: Role":       "apiGroup: rbac.authorization.k8s.io, kind: Role",
		"ssh://git@github.com/acme/shop":                        "ssh://git@github.com/acme/shop",
		"write to user@host, https://first.last@example.org/x ": "write to user@host, https://first.last@example.org/x ",
	} {
		if got := InField(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The header that lets somebody in is a secret, where it has one, and what is called like it and says how is none.
func TestHeaders(t *testing.T) {
	const credential, password = "c2hvcDpodW50ZXIyLXg=", "hunter2-x"
	for _, text := range []string{
		`proxy_set_header Authorization "Basic ` + credential + `";`, "Authorization: Basic " + credential,
		`{"headers": {"Authorization": "Basic ` + credential + `"}}`, "curl -H 'Authorization: Basic " + credential + "' http://x",
		`headers: ["Authorization", "Basic ` + credential + `"]`,
		"a:\n- {name: Authorization, value: Basic " + credential + "}\n",
	} {
		if got := InText(text); !slices.Contains(got, credential) || !slices.Contains(got, password) {
			t.Errorf("%q: %q", text, got)
		}
	}
	for _, text := range []string{"security:\n  authorization: enabled\n  authorizationMode: Node,RBAC-or-such\n",
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n", "authorization: server message: insufficient_scope",
		`proxy_set_header Authorization $http_authorization;`, `proxy_set_header Authorization "Bearer $access_token";`,
		"authorization:\n  type: simple\n  superUsers: [CN=somebody-1]\n"} {
		if got := InText(text); len(got) > 0 {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// A token stands for the user of an address where no password is needed.
func TestTokensOfAddresses(t *testing.T) {
	const address = "https://ghp_0123456789abcdefghij@github.com/acme/shop"
	if got := InSettings("clone " + address); !slices.Equal(got, []string{"ghp_0123456789abcdefghij"}) {
		t.Errorf("%q", got)
	}
	if got := InLine("cloning " + address + " now"); got != "cloning https://(hidden)@github.com/acme/shop now" {
		t.Error(got)
	}
	for _, plain := range []string{"ssh://git@github.com/acme/shop", "user@host", "https://service-account@host/x",
		"oci://ghcr.io/a/b@sha256:0123456789abcdef"} {
		if got := InSettings("at " + plain); len(got) > 0 || InLine(plain) != plain {
			t.Errorf("%s: %q, %s", plain, got, InLine(plain))
		}
	}
}

// The name of an image may end in a word for a secret.
func TestImagesInLines(t *testing.T) {
	for _, line := range []string{`Back-off pulling image "ghcr.io/acme/auth-token:1.2.3"`,
		"Failed to pull image \"auth-token:1.2.3\": not found",
		"image external-secrets/external-secrets:v0.9.1 is there", "localhost:5000/api-token:feature-x"} {
		if got := InLine(line); got != line {
			t.Errorf("%q: %q", line, got)
		}
	}
	if got := InLine("the db-password:hunter2"); strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}

// A text of a ConfigMap is looked at as a whole before it is cut.
func BenchmarkInField(b *testing.B) {
	for name, line := range map[string]string{
		"plain": "server { listen 8080; location /a { proxy_pass_through on; } }\n", "named": "the.db_password = ${it}  # of the keys\n",
	} {
		text := strings.Repeat(line, 1000)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				InField(text)
			}
		})
	}
}
