package secrets

import "testing"

func TestInAddresses(t *testing.T) {
	for given, want := range map[string]string{
		"https://host:8443/a/b.tgz":                                "https://host:8443/a/b.tgz",
		"https://[::1]:8443/a@b":                                   "https://[::1]:8443/a@b",
		"oci://host:5000/app@sha256:0123":                          "oci://host:5000/app@sha256:0123",
		"https://bob:pw@host/x":                                    "https://***@host/x",
		"https://token@host/x":                                     "https://***@host/x",
		"https://bob:it's@2@host/x":                                "https://***@host/x",
		`https://bob:q"q@host/x`:                                   "https://***@host/x",
		"https://bob:p/w@host/x":                                   "https://***@host/x",
		"https://bob:50%zz@host":                                   "https://***@host",
		"https://host/x?sig=a'b\"c":                                "https://host/x",
		"https://host?sig=1#part":                                  "https://host",
		`Get "https://bob:pw@host/x?sig=a'b": no answer`:           `Get "https://***@host/x": no answer`,
		"see https://host/x?sig=1, and ftp://a:b@c.":               "see https://host/x, and ftp://***@c.",
		"no address: a@b, c?d":                                     "no address: a@b, c?d",
		"https://bob:pw@x:p/w@host/x":                              "https://***@host/x",
		"https://host:hunter2/x":                                   "https://host:***/x",
		`parse "https://h:a\"b/": invalid port ":a\"b" after host`: `parse "https://h:***/": invalid port after host`,
		`["https://host:6443","x"]`:                                `["https://host:6443","x"]`,
		"://":                                                      "://",
	} {
		if got := InAddresses(given); got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}
