package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestText(t *testing.T) {
	const password = "hunter2-hunter2"
	for name, c := range map[string]struct{ given, want string }{
		"in a sentence":             {"the password " + password + " was refused", "the password *** was refused"},
		"in a word":                 {"x" + password + "y", "x***y"},
		"a text without it":         {"nothing to hide: hunter2", "nothing to hide: hunter2"},
		"in base64":                 {"got " + base64.StdEncoding.EncodeToString([]byte(password)), "got ***"},
		"in base64 twice":           {"got " + twice(password), "got ***"},
		"quoted by Go":              {fmt.Sprintf("%q", password), `"***"`},
		"in hexadecimal":            {hex.EncodeToString([]byte(password)) + ".", "***."},
		"as bytes":                  {fmt.Sprintf("%d", []byte(password)), "[***]"},
		"cut by Berth":              {"it says hunter2-hunt… and more", "it says ***… and more"},
		"cut by others":             {`it says "hunter2-hunt...`, `it says "***...`},
		"cut at the end":            {strings.Repeat("x", 300) + "hunter2-hun", strings.Repeat("x", 300) + "***"},
		"cut too short":             {"it says hunter2…", "it says hunter2…"},
		"hidden from a plain look":  {"hunter2-\x1b[0mhunter2", "***"},
		"with an invisible letter":  {"hunter2\u200b-hunter2", "***"},
		"in two lines":              {"a correct\nhorse battery", "a ***"},
		"a name":                    {"Deployment/shop-database of shop-database-0", "Deployment/shop-database of shop-database-0"},
		"a host":                    {"dial database.example.com", "dial database.example.com"},
		"a line of a longer value":  {"it has second-line in it", "it has *** in it"},
		"a password of an address":  {"with swordfish-3", "with ***"},
		"a registry's credentials":  {"as robot:" + "correct-horse", "as robot:***"},
		"one behind another":        {password + password, "******"},
		"a short one that is given": {"token abcd", "token ***"},
	} {
		m := New()
		m.Give("abcd")
		m.Find(password, "correct horse battery", "first-line\n  second-line\n\nshort\n", "shop-database", "database.example.com",
			"postgres://app:swordfish-3@database.example.com/shop", `{"auths":{"registry.example":{"username":"robot","password":"correct-horse"}}}`,
			"tiny")
		m.Name("shop-database-0", "https://database.example.com/x")
		if got := m.Text(c.given); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A headline goes on behind what a secret may end with, and quotes no backtick.
func TestInHeadline(t *testing.T) {
	for secret, told := range map[string]string{
		"correct-horse.": "correct-horse", "correct-horse;: ": "correct-horse", "correct`horse": "correct'horse",
		"correct`horse`.\n": "correct'horse'",
		"correct horse\"`":  `correct horse\"'`, "hunter2.": "hunter2", "url: postgres://app:swordfish-3.@db": "swordfish-3",
	} {
		m := New()
		m.Find(secret)
		for text, want := range map[string]string{
			told + " (exit code 2)":               "*** (exit code 2)",
			"x: " + told + "; revision 2 is back": "x: ***; revision 2 is back",
		} {
			if got := m.Text(text); got != want {
				t.Errorf("of %q it shows %q, want %q", secret, got, want)
			}
		}
	}
	m := New()
	m.Find("database:\n  host: x\n")
	if got := m.Text("no database"); got != "no database" {
		t.Errorf("it shows %q", got)
	}
}

func twice(s string) string {
	return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(s))))
}

func TestNoMask(t *testing.T) {
	var none *Mask
	none.Give("hunter2")
	none.Find("hunter2-hunter2")
	none.Name("x")
	if got := none.Text("hunter2-hunter2"); got != "hunter2-hunter2" {
		t.Error(got)
	}
}

// What is told after a text was masked counts from then on.
func TestLearns(t *testing.T) {
	m := New()
	for _, c := range []struct {
		learn func()
		want  string
	}{
		{func() {}, "swordfish of web-swordfish"},
		{func() { m.Find("swordfish") }, "*** of web-***"},
		{func() { m.Name("web-swordfish") }, "swordfish of web-swordfish"},
		{func() { m.Give("swordfish") }, "*** of web-***"},
	} {
		c.learn()
		if got := m.Text("swordfish of web-swordfish"); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// encoded are the ways in which an error may quote a secret, with other text around it
// in what is encoded.
func encoded(secret, before, after string) map[string]string {
	all := before + secret + after
	quotedJSON, _ := json.Marshal(all)
	nested, _ := json.Marshal(map[string]string{"m": string(quotedJSON)})
	once := base64.StdEncoding.EncodeToString([]byte(all))
	return map[string]string{
		"plain": all, "quoted": strconv.Quote(all), "JSON": string(quotedJSON), "JSON in JSON": string(nested),
		"base64": once, "raw base64": base64.RawURLEncoding.EncodeToString([]byte(all)), "base64 twice": twice(all),
		"Basic": "Basic " + base64.StdEncoding.EncodeToString([]byte("robot"+before+":"+secret)),
		"URL":   url.QueryEscape(all), "path": url.PathEscape(all), "hex": hex.EncodeToString([]byte(all)),
		"HEX": strings.ToUpper(hex.EncodeToString([]byte(all))), "bytes": fmt.Sprintf("%d", []byte(all)),
	}
}

// shows returns the form in which a text still holds a secret, or "".
func shows(text, secret string) string {
	for _, form := range []string{
		secret, base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)), twice(secret),
		within(secret, 0), within(secret, 1), within(secret, 2), within(within(secret, 0), 0), within(within(secret, 1), 1),
		within(within(secret, 2), 2),
		hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))), url.QueryEscape(secret), url.PathEscape(secret),
		strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]"), unquoted(strconv.Quote(secret)), inJSON(secret, true),
	} {
		if strings.Contains(text, form) {
			return form
		}
	}
	return ""
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+=&%$#@!~^*()[]{}<>|\\\"'`, äß€\t\n"

// random returns a text of n characters, of which the first and the last are no spaces.
func random(r *rand.Rand, n int) string {
	all := []rune(letters)
	text := make([]rune, n)
	for i := range text {
		text[i] = all[r.IntN(len(all))]
	}
	text[0], text[n-1] = 'a'+rune(r.IntN(26)), 'A'+rune(r.IntN(26))
	return string(text)
}

// For random secrets, no text holds them, however it quotes them.
func TestNoSecretIsShown(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 3))
	for range 400 {
		secret := random(r, 8+r.IntN(40))
		m := New()
		m.Find(secret)
		for how, text := range encoded(secret, random(r, 1+r.IntN(7)), random(r, 1+r.IntN(7))) {
			if form := shows(m.Text("it failed: "+text+": so it is"), secret); form != "" {
				t.Fatalf("%q %s: shown as %q in %q", secret, how, form, m.Text(text))
			}
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("hunter2-hunter2", "the password ", " is wrong")
	f.Add("p@ss \"word\"\n<&>", "x: \x1b[31m", "…")
	f.Add("ünïcode\u200b-pässword", "", "...")
	f.Add("aaaaaaaaaaaa", "aaa", "aaaa")
	f.Add("\\\\\\\\\\\\\\\\n", "\"", "\"")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		m := New()
		m.Find(secret)
		got := m.Text(before + secret + after)
		if len(strings.TrimSpace(secret)) >= minFound && !strings.Contains(secret, "*") && strings.Contains(got, secret) {
			t.Errorf("%q is in %q", secret, got)
		}
	})
}

// A report of a release with 300 Secrets takes no time that anybody would notice.
func BenchmarkText(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var values []string
	for range 900 {
		values = append(values, random(r, 12+r.IntN(40)))
	}
	text := strings.Repeat(
		"Deployment/web is not ready: 0 of 1 pods are, and the kubelet says Back-off pulling image registry.example/web:1.2.3\n",
		1000,
	)
	b.Run("learn", func(b *testing.B) {
		for b.Loop() {
			m := New()
			m.Find(values...)
			m.Text("a line")
		}
	})
	b.Run("mask", func(b *testing.B) {
		m := New()
		m.Find(values...)
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			m.Text(text)
		}
	})
}

func TestInValues(t *testing.T) {
	found := InValues(map[string]any{
		"password": "one", "db": map[string]any{"adminPassword": "two", "host": "no"}, "existingSecret": "no", "imagePullSecrets": []any{"no"},
		"secret": map[string]any{"name": "no", "apiKey": "three", "data": map[string]any{"x": "four"}}, "pin_token": 12345678.0, "image": "no",
		"tokens": []any{
			"five",
			map[string]any{"value": "six"},
		}, "tls": map[string]any{"secretName": "no"}, "secretKeyRef": map[string]any{"key": "no"},
	})
	got := map[string]bool{}
	for _, v := range found {
		got[v] = true
	}
	for _, want := range []string{"one", "two", "three", "four", "five", "six", "12345678", "1.2345678e+07"} {
		if !got[want] {
			t.Errorf("%q was not found", want)
		}
	}
	if got["no"] {
		t.Error("a name was taken for a secret")
	}
}

// Apps of a round tell of their secrets while others' texts are masked.
func BenchmarkTellingMeanwhile(b *testing.B) {
	for b.Loop() {
		m := New()
		var apps sync.WaitGroup
		for app := range 16 {
			apps.Go(func() {
				for i := range 10 {
					m.Find(fmt.Sprintf("hunter2 of %d, \"%d\"", app, i))
					m.Text("it is " + strings.Repeat("x", 100))
				}
			})
		}
		apps.Wait()
	}
}

// A text is masked by all that was told before it, whatever is told meanwhile.
func TestTellingMeanwhile(t *testing.T) {
	m := New()
	var apps sync.WaitGroup
	for app := range 8 {
		apps.Go(func() {
			for i := range 10 {
				secret := fmt.Sprintf("hunter2-of-%d-and-%d", app, i)
				m.Find(secret)
				if got := m.Text("it is " + secret); got != "it is ***" {
					t.Errorf("%s", got)
				}
			}
		})
	}
	apps.Wait()
}
