package secrets

import (
	"slices"
	"strings"
	"testing"
)

// An address that was given is known to its end, and need not be a whole one.
func TestAddress(t *testing.T) {
	for given, want := range map[string]string{
		"https://bob:hun ter2-pw@127.0.0.1:1/x.yaml": "https://***@127.0.0.1:1/x.yaml",
		"https://h/x.yaml?sig=a hunter2-sig":         "https://h/x.yaml",
		"//bob:hunter2-hunter2@h/":                   "//***@h/",
		"https:/bob:hunter2-hunter2@h/":              "https:/***@h/",
		"bob:hunter2-hunter2@h":                      "***@h",
		"oci:/bob:hunter2-pw@h/x":                    "oci:/***@h/x",
		"https:/h/x.tgz?sig=hunter2-sig":             "https:/h/x.tgz",
		"https://h:hunter2-pw/":                      "https://h:***/",
		"https://h:8443/a@b":                         "https://h:8443/a@b",
		"shop.example.com":                           "shop.example.com",
	} {
		if got := Address(given); got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}

func TestPassword(t *testing.T) {
	for given, want := range map[string]string{
		"http://bob:hu2r@proxy:3128": "hu2r Ym9iOmh1MnI=",
		"bob:hu2r@proxy":             "hu2r Ym9iOmh1MnI=",
		"http://bob:a%40b@proxy":     "a%40b Ym9iOmElNDBi a@b Ym9iOmFAYg==",
		"http://token-hunter2@proxy": "token-hunter2 dG9rZW4taHVudGVyMjo=",
		"http://proxy:3128":          "",
		"ssh://git@host/x":           " ",
	} {
		if got := strings.Join(Password(given), " "); got != want {
			t.Errorf("%s: got %q, want %q", given, got, want)
		}
	}
	if got := InQuery("https://h/x?ref=main-branch&sig=hunter%2B2-sig#x"); !slices.Equal(got,
		[]string{"ref=main-branch&sig=hunter%2B2-sig", "hunter%2B2-sig", "hunter+2-sig"}) {
		t.Error(got)
	}
}

func TestLooksLikePath(t *testing.T) {
	for given, want := range map[string]bool{
		"values/review.yaml": true, "/home/x/.docker/config.json": true, "ca.pem": true, "../a b.yml": true,
		`{"auths":{"ghcr.io":{"auth":"x"}}}`: false, "-----BEGIN PRIVATE KEY-----": false, "password: hunter2-hunter2": false,
		"{db: {pw: hunter2}}": false, "hunter2-hunter2": false, "password=x.yaml": false, "a\nb.yaml": false,
		"/JalrXUtnFEMI/K7MDENG": false, "bob:hunter2@h/x.yaml": false, "//h/x.yaml?sig=x.yaml": false,
	} {
		if got := LooksLikePath(given); got != want {
			t.Errorf("%q: got %v", given, got)
		}
	}
}
