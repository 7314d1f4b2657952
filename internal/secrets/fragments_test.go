package secrets

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

// What a pattern hides of a secret that is known must not keep the mask from the rest.
func TestFragments(t *testing.T) {
	m := New()
	m.Find("s3cr,et-hunter2", "hunter2 et-cetera-x", "p@ss/word-hunter2", "'quoted'-hunter2-x", "a;b&c-hunter22",
		`{"dsn":"mq://hunter-mq","token":"abc","url":"one-more-hunter","pwd":"x","last":"the-hunter"}`,
		"Server=db-hunter;Pwd=abc;Database=x", "0123456789abcdefghij")
	m.Give("g1v,en")
	for _, c := range []struct{ how, given, want string }{
		{"the rest behind a comma", "password=s3cr,et-hunter2 x", "password=(hidden)*** x"},
		{"behind a blank", "token: hunter2 et-cetera-x y", "token: (hidden)*** y"},
		{"of an address", "postgres://u:p@ss/word-hunter2@h/db", "postgres://(hidden)***@h/db"},
		{"behind quotes", "password='quoted'-hunter2-x", "password='(hidden)***"},
		{"behind a semicolon", "pwd=a;b&c-hunter22", "pwd=(hidden)***"},
		{"of one that was given", "pwd=g1v,en; x", "pwd=(hidden),en; x"}, // three bytes tell nothing
		{
			"JSON", `got {"dsn":"mq://hunter-mq","token":"abc","url":"one-more-hunter","pwd":"x","last":"the-hunter"}`,
			"got ***(hidden)***(hidden)***",
		},
		{"what is before", "Server=db-hunter;Pwd=abc;Database=x", "***(hidden)***"},
		{"other text", "password=swordfish, et-cetera", "password=(hidden), et-cetera"},
	} {
		if got := m.Text(InLine(c.given)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.how, got, c.want)
		}
	}
	for given, want := range map[string]string{
		"password=(hidden)/word-hun…":                             "password=(hidden)***…",
		"password=(hidden),et-h...":                               "password=(hidden)***...",
		"password=(hidden)/wo…":                                   "password=(hidden)/wo…", // three bytes tell nothing
		"password=(hidden), and more…":                            "password=(hidden), and more…",
		strings.Repeat("x ", longText) + "pwd=(hidden);b&c-hunte": strings.Repeat("x ", longText) + "pwd=(hidden)***",
		"…456789abcdefghij and 30":                                "…*** and 30",
		"a: …cdefghij, b: …defghij":                               "a: …***, b: …***",
		"there is more… and nothing else":                         "there is more… and nothing else",
		"password: (hidden)":                                      "password: (hidden)",
	} {
		if got := m.Text(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

// Of two long texts the part is shown where they differ, and in it may be no more than the middle of a secret.
func TestMiddles(t *testing.T) {
	long := "MIGTAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHkwdwIBAQQgevZzL1gdAFr88hb2OF2oNxApJCzGCEDdfSp6VQO30hyhRANCAAQ"
	dsn := "Server=db.example.com;Port=5432;User=shop;Pwd=hunter2-in-the-middle;Database=orders;Options=require-all"
	m := New()
	m.Find(long, dsn, "hunter2-in-the-middle", "first line of it\nsecond line of it\nthird line of it")
	m.Name("GCCqGSM49Aw")
	cut := func(s string) string { return "a: …" + s[20:len(s)-20] + "… → …" + s[30:len(s)-10] + "…" }
	const hidden = "a: …***… → …***…"
	encoded := base64.StdEncoding.EncodeToString([]byte("key: " + long + " end"))
	for given, want := range map[string]string{
		cut(long):                        hidden,
		cut(dsn):                         hidden, // although another secret is a part of it
		cut(encoded):                     hidden,
		cut(url.QueryEscape(long + "/")): hidden,
		"…" + long[40:60] + "...":        "…***...",
		"…" + long[40:60] + "(hidden)":   "…***(hidden)",
		"…ne of it second line of it t…": "…***…",
		"…GCCqGSM49Aw…":                  "…GCCqGSM49Aw…",         // a name
		"…" + long[40:47] + "…":          "…" + long[40:47] + "…", // seven bytes tell nothing
		"…" + long[40:60] + " and on…":   "…" + long[40:60] + " and on…",
		"…" + long[80:] + ", more…":      "…***, more…",
		"…more, " + long[:20] + "…":      "…more, ***…",
	} {
		if got := m.Text(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
	whole := "a…b-hunter2-hunter2-c…d"
	m.Find(whole)
	if got := m.Text("it is " + whole); got != "it is ***" {
		t.Errorf("one with ellipses in it: %q", got)
	}
}

// The name of a variable in a file of them is no part of its value.
func TestLabelsStay(t *testing.T) {
	m := New()
	m.Find("DB_PASSWORD=swordfish-1\nOTHER=swordfish-2", "password: swordfish-3")
	for given, want := range map[string]string{
		"DB_PASSWORD=swordfish-1": "DB_PASSWORD=(hidden)",
		"password: swordfish-3":   "password: (hidden)",
	} {
		if got := m.Text(InLine(given)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
