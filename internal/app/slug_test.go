package app

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func branch(name string) Source {
	return Source{Host: "github.com", Repository: "acme/shop", Branch: name}
}

func TestSlug(t *testing.T) {
	hash := func(name string) string { return Identity(branch(name))[:6] }
	long := strings.Repeat("a", 41)
	for _, tt := range []struct{ name, want string }{
		{"main", "main"},
		{"fix-login-2", "fix-login-2"},
		{strings.Repeat("a", 40), strings.Repeat("a", 40)},
		{long, strings.Repeat("a", 33) + "-" + hash(long)},
		{"Main", "main-" + hash("Main")},
		{"feature/login", "feature-login-" + hash("feature/login")},
		{"feature//login", "feature-login-" + hash("feature//login")},
		{"a--b", "a-b-" + hash("a--b")},
		{"-a-", "a-" + hash("-a-")},
		{"7-seas", "b-7-seas-" + hash("7-seas")},
		{"🎉", "b-" + hash("🎉")},
		{"", "b-" + hash("")},
		{"---", "b-" + hash("---")},
		{"party-🎉-time", "party-time-" + hash("party-🎉-time")},
		{"grün", "gr-n-" + hash("grün")},
		{"\xff\xfe", "b-" + hash("\xff\xfe")},
		// The cut falls on a dash, which is not doubled.
		{strings.Repeat("a", 32) + "-" + long, strings.Repeat("a", 32) + "-" + hash(strings.Repeat("a", 32)+"-"+long)},
	} {
		if got := Slug(branch(tt.name)); got != tt.want {
			t.Errorf("Slug(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestSlugTellsForksApart(t *testing.T) {
	mine, theirs := branch("Patch-1"), branch("Patch-1")
	theirs.HeadRepository = "mallory/shop"
	if Slug(mine) == Slug(theirs) {
		t.Errorf("both are %q", Slug(mine))
	}
}

func TestName(t *testing.T) {
	for repository, want := range map[string]string{
		"acme/shop":               "shop",
		"group/sub/Shop_API":      "shop-api",
		"acme/2048":               "b-2048",
		"acme/shop.example.com":   "shop-example-com",
		"acme/___":                "b-" + fingerprint("", "acme/___")[:6],
		"acme/-leading-trailing-": "leading-trailing",
	} {
		if got := Name(repository); got != want {
			t.Errorf("Name(%q) = %q, want %q", repository, got, want)
		}
	}
}

func FuzzSlug(f *testing.F) {
	for _, seed := range []string{"", "main", "Feature/X", "🎉", "7", "a\x00b", strings.Repeat("ab-", 30), "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		slug := Slug(branch(name))
		if err := checkSlug(slug); err != nil {
			t.Fatal(err)
		}
		if slug != Slug(branch(name)) {
			t.Fatal("not the same twice")
		}
		if slug != name && !strings.HasSuffix(slug, "-"+Identity(branch(name))[:6]) {
			t.Fatalf("%q became %q without the hash", name, slug)
		}
		if !utf8.ValidString(slug) {
			t.Fatalf("%q is not UTF-8", slug)
		}
	})
}
