package secrets

import (
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
