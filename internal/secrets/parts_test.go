package secrets

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "DB_PASSWORD": true, "clientSecret": true, "apiKey": true, "access-key": true, "token": true, "passwords": true,
		"existingSecret": false, "imagePullSecrets": false, "secretName": false, "pull-secret": false, "tlsSecret": false, "key": false,
		"DB_PASS": true, "smtpPass": true, "db_pw": true, "pass": true, "pass2": true, "rootPassword1": true, "privateKeyPem": true,
		"secretValue": true, "token_base64": true, "bypass": false, "compass": false, "passThrough": false, "BYPASS": false,
		"tlsSecret2": false, "passwordPolicy": false, "username": false, "": false,
	} {
		if got := IsName(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestInArguments(t *testing.T) {
	args := []string{"serve", "--password=one", "--user", "two", "--api-token", "three", "-secret", "--verbose", "four"}
	if got := InArguments(args); !slices.Equal(got, []string{"one", "three"}) {
		t.Error(got)
	}
}

// What a chart's values hold that is no secret by its own name.
func TestInValuesBeside(t *testing.T) {
	got := InValues(map[string]any{
		"dsn":    "postgres://shop:hunter2-in-dsn@db.example.com/shop",
		"env":    []any{map[string]any{"name": "DB_PASSWORD", "value": "hunter2-in-env"}, map[string]any{"name": "MODE", "value": "production"}},
		"config": "user: shop\npassword: hunter2-in-config\n",
		"plain":  "nothing to hide: https://example.com/a@b",
		"secrets": map[string]any{
			"stripe": map[string]any{"key": "hunter2-below", "name": "stripe-key"}, "tls": map[string]any{"key": "tls.key"},
		},
	})
	slices.Sort(got)
	if want := []string{"hunter2-below", "hunter2-in-config", "hunter2-in-dsn", "hunter2-in-env"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// base64, openssl and MIME break what they write into lines, each of which a log has by
// itself.
func TestBrokenBase64(t *testing.T) {
	secret := strings.Repeat("hunter2-is-long-", 12)
	mask := New()
	mask.Find(secret)
	for _, written := range []string{secret, secret + "\n"} {
		encoded := base64.StdEncoding.EncodeToString([]byte(written))
		for _, width := range []int{64, 76} {
			for line := range slices.Chunk([]byte(strings.TrimSuffix(encoded, "Cg==")), width) {
				if got := mask.Text("log: " + string(line)); strings.Contains(got, string(line[:min(len(line), 16)])) {
					t.Errorf("a line of %d: %s", width, got)
				}
			}
		}
	}
}

func TestLabelInSecret(t *testing.T) {
	mask := New()
	mask.Find("aB3dE5gH-token=hunter2-hunter2", "DB_TOKEN=hunter3-hunter3")
	for text, want := range map[string]string{
		"it says aB3dE5gH-token=" + notShown: "it says ***" + notShown,
		"it says DB_TOKEN=" + notShown:       "it says DB_TOKEN=" + notShown,
	} {
		if got := mask.Text(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What a text holds that is secret, wherever in it that stands.
func TestInText(t *testing.T) {
	for text, want := range map[string]string{
		"db_url=postgres://u:hunter2-x@db/x\n":            "hunter2-x",
		"--dsn=postgres://u:hunter2%2Fx@h/x":              "hunter2%2Fx hunter2/x",
		"jdbc:postgresql://h/x?user=a&password=hunt2-x-y": "hunt2-x-y",
		"Server=h;Database=x;Password=hunter2-x;":         "hunter2-x",
		"db:\n  - password: hunter2-x\n":                  "hunter2-x",
		`[{"password":"hunter2-x"}]`:                      "hunter2-x",
		"a=1\npassword=hunter2-x\n":                       "hunter2-x",
		"https://host/a:b/c@d?x=hunter2-x":                "",
		"image: host:5000/app@sha256:0123456789":          "",
	} {
		if got := strings.Join(InText(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The password of an address is no name, whatever field that stands in.
func TestNamesWithoutPasswords(t *testing.T) {
	m := New()
	m.Find("hunter2-hunter2", "rabbit.example.com", "registry.example.com", "token-of-a-user")
	m.Name("https://token-of-a-user@git.example.com", "token-of-a-user@git.example.com",
		"amqp://shop:hunter2/hunter2-hunter2@rabbit.example.com",
		"amqp://shop:hunter2-hunter2@rabbit.example.com", "shop:hunter2-hunter2@rabbit.example.com",
		"registry.example.com/shop@sha256:0123")
	const text = "hunter2-hunter2 token-of-a-user rabbit.example.com registry.example.com"
	if got, want := m.Text(text), "*** *** rabbit.example.com registry.example.com"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What a text calls a secret is found in each form that files and commands have.
func TestInFiles(t *testing.T) {
	for text, want := range map[string]string{
		"A=b\nDB_PASS=hunter2-x\n":                                     "hunter2-x",
		"admin_password_1 = hunter2-x":                                 "hunter2-x",
		"jwtSecret: \"hunter2-x\" # it":                                "hunter2-x",
		"a: {user: b, password: hunter2-x}\nb: c\n":                    "hunter2-x",
		"{user: b, password: hunter2-x}":                               "hunter2-x",
		"a:\n  token: |\n    hunter2-x\n":                              "hunter2-x\n",
		"a: b\n---\n- {name: API_TOKEN, value: hunter2-x}\n":           "hunter2-x",
		"a:\n  credentials:\n    id: hunter2-x\n":                      "hunter2-x",
		"<a><b:password c='d'>hunter2-x&amp;y</b:password></a>":        "hunter2-x&amp;y hunter2-x&y",
		"x = { user: \"b\", password: \"hunter2-x\", c: 1 }":           "hunter2-x",
		"<user name=\"b\" password=\"hunter2-x\"/>":                    "hunter2-x",
		"host=db password=hunter2-x dbname=b":                          "hunter2-x",
		"shop:hunter2-x@tcp(db:3306)/shop":                             "hunter2-x",
		"{\"a\": [{\"password\": \"hunter2\\\"x\"}],}":                 "hunter2\\\"x hunter2\"x",
		"it is existingSecret: 'hunter2-x', imagePullSecret=hunter2-x": "",
		"the token is missing, and so is the secret hunter2-x":         "",
		"a: &a [hunter2-x]\nb: *a\nsecret: *a\n":                       "",
	} {
		if got := strings.Join(InText(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := InSettings("token: it is missing"); len(got) > 0 {
		t.Errorf("a sentence has %q", got)
	}
	command := []string{"sh", "-c", "exec app --password=hunter2-x --api-token 'hunter2 y' --token-ttl 12345678 --secret-name hunter2-z"}
	if got := InArguments(command); !slices.Equal(got, []string{"hunter2 y", "hunter2-x"}) {
		t.Errorf("%q", got)
	}
}

// Documents within each other are read as deep as anybody writes them. A chart can make
// hundreds, and each is read once more for every one that it is in.
func TestDocumentsWithinEachOther(t *testing.T) {
	text := "end: 1\n"
	for level := range 6 {
		within := strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
		text = fmt.Sprintf("secrets:\n  a: value-%d-deep\ntext: |\n  %s\n", 5-level, within)
	}
	got := InText(text)
	slices.Sort(got)
	if want := []string{"value-0-deep", "value-1-deep", "value-2-deep"}; !slices.Equal(slices.Compact(got), want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A small text that means a huge one, by aliases, is read as it is written.
func TestAliases(t *testing.T) {
	text := "a: &a " + strings.Repeat("x", 100_000) + "\nsecret: [" + strings.Repeat("*a,", 40_000) + "]\n"
	if got := InText(text); len(got) > 1 {
		t.Errorf("%d", len(got))
	}
}
